#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

// The contract's rules are checked by tests/providers/contracts/check_test.cpp; here is what the
// mock adds.

const std::string body = R"({"reference":"r1","items":[{"product_id":"sku-1","quantity":1}],)"
                         R"("ship_to":{"street":"1 Main St","city":"Springfield","country":"US"},)"
                         R"("metadata":{"order_id":"ord-1","step":"pick","attempt":"1"}})";

mock_client::mock_response post(mock_client& c, const std::string& path, const std::string& key,
                                const std::string& text = "{}") {
  return c.send("POST", path, {{"content-type", "application/json"}, {"idempotency-key", key}},
                text);
}

std::string state(mock_client& c, const std::string& path) {
  return json::parse(c.send("GET", path).response.body)["state"];
}

} // namespace

TEST_CASE("a ticket is packed and a parcel picked up after a while", "[mock][jobs]") {
  mock_client c;
  CHECK(post(c, "/warehouse/v1/pick_tickets", "k1", body).response.status == 201);
  CHECK(post(c, "/carrier/v1/pickups", "k1", body).response.status == 201);
  const std::string ticket = "/warehouse/v1/pick_tickets/r1";
  const std::string pickup = "/carrier/v1/pickups/r1";
  CHECK(state(c, ticket) == "open");
  CHECK(state(c, pickup) == "requested");
  c.now += 3'000;
  CHECK(state(c, ticket) == "picking");
  CHECK(state(c, pickup) == "scheduled");
  c.now += 2'000;
  CHECK(state(c, ticket) == "packed");
  CHECK(state(c, pickup) == "picked_up");
  // What is packed can be unpacked; what the carrier has is gone.
  CHECK(post(c, ticket + "/cancel", "k2").response.status == 200);
  CHECK(post(c, pickup + "/cancel", "k2").response.status == 409);
  const auto effects = json::parse(c.world.ledger_json())["effects"];
  REQUIRE(effects.size() == 3);
  CHECK(effects[0]["vendor"] == "warehouse");
  CHECK(effects[0]["kind"] == "pick_ticket");
  CHECK(effects[0]["order_id"] == "ord-1");
  CHECK(effects[1]["kind"] == "pickup");
  CHECK(effects[2]["kind"] == "pick_cancel");
}

TEST_CASE("a ticket or a pickup can fail", "[mock][jobs]") {
  mock_client c;
  CHECK_FALSE(c.world.control(R"({"fail_pick_ticket":"ord-1"})"));
  CHECK_FALSE(c.world.control(R"({"fail_pickup":"ord-1"})"));
  post(c, "/warehouse/v1/pick_tickets", "k1", body);
  post(c, "/carrier/v1/pickups", "k1", body);
  REQUIRE(c.world.control(R"({"fail_pick_ticket":"ord-1","fail_pickup":"ord-1"})"));
  CHECK(state(c, "/warehouse/v1/pick_tickets/r1") == "failed");
  CHECK(state(c, "/carrier/v1/pickups/r1") == "failed");
  // It may be asked for anew.
  CHECK(post(c, "/warehouse/v1/pick_tickets", "k2", body).response.status == 201);
}
