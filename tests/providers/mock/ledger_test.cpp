#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

json body_of(const mock_response& reply) {
  return json::parse(reply.response.body);
}

json ledger_of(const mock_client& c) {
  return json::parse(c.world.ledger_json());
}

} // namespace

TEST_CASE("the ledger counts effects, requests and faults", "[mock][ledger]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"sendgrid","effect":"drop_after","nth":1})"));
  c.charge("k1");
  c.charge("k1");
  c.charge("k2", "pm_card_chargeDeclined");
  c.buy(c.rate());
  c.mail(mock_client::mail_body());
  const auto ledger = ledger_of(c);
  CHECK(ledger["total"] == 4);
  CHECK(ledger["totals"] == json{{"charge", 1}, {"shipment", 1}, {"label", 1}, {"mail", 1}});
  CHECK(ledger["requests"] == json{{"stripe.charge", 3},
                                   {"shippo.shipment", 1},
                                   {"shippo.label", 1},
                                   {"sendgrid.mail", 1}});
  CHECK(ledger["idempotent_replays"] == json{{"stripe.charge", 1}});
  CHECK(ledger["faults"] == json{{"drop_after", 1}});
  CHECK(ledger["late_pending"] == 0);
  const auto counts = c.world.effects().counts_by_order();
  REQUIRE(counts.size() == 1);
  CHECK(counts.at("ord-1")[static_cast<std::size_t>(effect_kind::label)] == 1);
}

TEST_CASE("pages of the ledger join without gap or repeat", "[mock][ledger]") {
  mock_client c;
  for (int i = 0; i < 5; ++i)
    c.charge();
  const auto first = body_of(c.send("GET", "/ledger?limit=3"));
  CHECK(first["effects"].size() == 3);
  CHECK(first["next"] == 3);
  CHECK(first["total"] == 5);
  const auto rest = body_of(c.send("GET", "/ledger?since=3"));
  CHECK(rest["effects"].size() == 2);
  CHECK(rest["next"].is_null());
  CHECK(rest["effects"][0]["request_number"] == 4);
  CHECK(body_of(c.send("GET", "/ledger?since=99"))["effects"].empty());
  CHECK(c.send("GET", "/ledger?since=-1").response.status == 400);
  CHECK(c.send("GET", "/ledger?page=1").response.status == 400);
  CHECK(c.send("POST", "/ledger").response.status == 405);
  CHECK(c.send("GET", "/nothing").response.status == 404);
  CHECK(c.send("GET", "/health").response.status == 200);
}

TEST_CASE("a full ledger keeps the first effects and counts the rest", "[mock][ledger]") {
  mock_client c({.ledger_effects_max = 2});
  for (int i = 0; i < 3; ++i)
    c.charge();
  CHECK(c.world.effects().size() == 2);
  CHECK(c.world.effects().dropped() == 1);
  CHECK(c.total(effect_kind::charge) == 3);
}

TEST_CASE("counts and off keep less", "[mock][ledger]") {
  mock_client counts({.ledger = ledger_mode::counts});
  counts.charge();
  counts.charge();
  counts.mail(mock_client::mail_body());
  CHECK(counts.world.effects().size() == 0);
  CHECK(counts.world.effects().count("ord-1", effect_kind::charge) == 2);
  CHECK(ledger_of(counts)["orders"]["ord-1"] == json{{"charge", 2}, {"mail", 1}});

  mock_client off({.ledger = ledger_mode::off});
  off.charge();
  CHECK(off.world.effects().size() == 0);
  CHECK(off.total(effect_kind::charge) == 1);
}

TEST_CASE("forgotten objects are unknown", "[mock]") {
  mock_client c({.objects_max = 2});
  const std::string id = body_of(c.charge("k1"))["id"];
  c.charge("k2");
  CHECK(c.stripe_get("payment_intents/" + id).response.status == 200);
  c.charge("k3");
  CHECK(c.stripe_get("payment_intents/" + id).response.status == 404);
  CHECK(body_of(c.stripe_get("payment_intents"))["data"].size() == 2);
}
