#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

mock_client::mock_response post(mock_client& c, const std::string& path, const std::string& key,
                                const std::string& body = "{}") {
  return c.send("POST", "/inventory/v1/" + path,
                {{"content-type", "application/json"}, {"idempotency-key", key}}, body);
}

mock_client::mock_response get(mock_client& c, const std::string& path) {
  return c.send("GET", "/inventory/v1/" + path);
}

std::string wants(const std::string& reference, int pieces, const std::string& product = "sku-1") {
  return json{{"reference", reference},
              {"items", {{{"product_id", product}, {"quantity", pieces}}}},
              {"metadata", {{"order_id", "ord-1"}, {"step", "reserve_stock"}, {"attempt", "2"}}}}
      .dump();
}

json body_of(const mock_response& reply) {
  return json::parse(reply.response.body);
}

int free_of(mock_client& c, const std::string& product = "sku-1") {
  return body_of(get(c, "stock?product_id=" + product))["items"][0]["available"];
}

// The contract's rules are checked by tests/providers/contracts/check_test.cpp; here is what the
// mock adds.

} // namespace

TEST_CASE("the ledger has what the inventory did, by order, step and attempt",
          "[mock][inventory]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"stock":{"sku-1":3}})"));
  CHECK(post(c, "reservations", "k1", wants("r1", 2)).response.status == 201);
  CHECK(free_of(c) == 1);
  CHECK(post(c, "reservations", "k1", wants("r1", 2)).response.status == 201);
  CHECK(c.total(effect_kind::reservation) == 1);
  CHECK(c.world.replays(call_id::inventory_reserve) == 1);
  const auto effect = json::parse(c.world.ledger_json())["effects"][0];
  CHECK(effect["vendor"] == "inventory");
  CHECK(effect["kind"] == "reservation");
  CHECK(effect["order_id"] == "ord-1");
  CHECK(effect["step"] == "reserve_stock");
  CHECK(effect["attempt"] == 2);
  CHECK(post(c, "reservations/r1/commit", "k2").response.status == 200);
  CHECK(post(c, "reservations/r1/release", "k3").response.status == 200);
  CHECK(post(c, "reservations/r1/release", "k4").response.status == 200);
  CHECK(c.total(effect_kind::stock_commit) == 1);
  CHECK(c.total(effect_kind::stock_release) == 1);
  CHECK(free_of(c) == 3);
}

TEST_CASE("all lines are held or none", "[mock][inventory]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"stock":{"sku-1":5,"sku-2":0}})"));
  const auto reply = post(c, "reservations", "k1",
                          R"({"reference":"r1","items":[{"product_id":"sku-1","quantity":1},)"
                          R"({"product_id":"sku-2","quantity":1}]})");
  CHECK(reply.response.status == 409);
  CHECK(body_of(reply)["error"]["lines"] ==
        json::parse(R"([{"available":0,"product_id":"sku-2","requested":1}])"));
  CHECK(free_of(c) == 5);
}

TEST_CASE("a decision stays under its key also when there is stock later", "[mock][inventory]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"stock":{"sku-1":0}})"));
  CHECK(post(c, "reservations", "k1", wants("r1", 1)).response.status == 409);
  REQUIRE(c.world.control(R"({"stock":{"sku-1":9}})"));
  CHECK(post(c, "reservations", "k1", wants("r1", 1)).response.status == 409);
  CHECK(post(c, "reservations", "k2", wants("r1", 1)).response.status == 201);
}

TEST_CASE("a reservation that lapses is free, and committed only while there is enough",
          "[mock][inventory]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"stock":{"sku-1":2}})"));
  CHECK_FALSE(c.world.control(R"({"expire":"ord-1"})"));
  post(c, "reservations", "k1", wants("r1", 2));
  REQUIRE(c.world.control(R"({"expire":"ord-1"})"));
  CHECK(free_of(c) == 2);
  CHECK(body_of(get(c, "reservations/r1"))["state"] == "expired");
  SECTION("there is enough") {
    CHECK(body_of(post(c, "reservations/r1/commit", "k2"))["state"] == "committed");
    CHECK(free_of(c) == 0);
  }
  SECTION("released, it puts nothing back a second time, and stays what it is") {
    CHECK(body_of(post(c, "reservations/r1/release", "k2"))["state"] == "expired");
    CHECK(free_of(c) == 2);
  }
  SECTION("there is not") {
    REQUIRE(c.world.control(R"({"stock":{"sku-1":1}})"));
    CHECK(body_of(post(c, "reservations/r1/commit", "k2"))["error"]["code"] == "out_of_stock");
    CHECK(free_of(c) == 1);
  }
}

TEST_CASE("faults reach the inventory's calls", "[mock][inventory]") {
  mock_client c;
  const auto with = [&](const std::string& fault) {
    REQUIRE(c.world.control(R"({"clear":true,"faults":[{"vendor":"inventory",)"
                            R"("operation":"reserve","nth":1,)" +
                            fault + "}]}"));
    return post(c, "reservations", "k1", wants("r1", 1));
  };
  CHECK(with(R"("effect":"status","status":503)").response.status == 503);
  CHECK(c.total(effect_kind::reservation) == 0);
  CHECK(with(R"("effect":"refuse")").response.status == 409);
  const auto unknown = get(c, "requests/k2");
  CHECK(body_of(unknown)["error"]["code"] == "unknown_key");
  // The key has a refusal now; another one has the effect.
  const auto lost = [&] {
    REQUIRE(c.world.control(R"({"clear":true,"faults":[{"vendor":"inventory",)"
                            R"("operation":"reserve","nth":1,"effect":"drop_after"}]})"));
    return post(c, "reservations", "k2", wants("r2", 1));
  }();
  CHECK(lost.wire == wire_action::drop);
  const auto found = body_of(get(c, "requests/k2"));
  CHECK(found["state"] == "done");
  CHECK(found["status"] == 201);
  CHECK(found["answer"]["reference"] == "r2");
  CHECK_FALSE(c.world.control(R"({"stock":{"sku-1":-1}})"));
  CHECK_FALSE(c.world.control(R"({"stock":["sku-1"]})"));
}

TEST_CASE("late work of the inventory is done later, under its key", "[mock][inventory]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"inventory","operation":"reserve","nth":1,)"
                          R"("effect":"late_work","late_ms":500})"));
  CHECK(post(c, "reservations", "k1", wants("r1", 1)).wire == wire_action::drop);
  CHECK(get(c, "requests/k1").response.status == 404);
  c.now += 501;
  CHECK(get(c, "requests/k1").response.status == 200);
  CHECK(post(c, "reservations", "k1", wants("r1", 1)).response.status == 201);
  CHECK(c.total(effect_kind::reservation) == 1);
}
