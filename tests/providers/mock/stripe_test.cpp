#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <utility>

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

TEST_CASE("a confirmed PaymentIntent is a charge in the ledger", "[mock][stripe]") {
  mock_client c;
  const auto reply = c.charge();
  REQUIRE(reply.response.status == 200);
  const auto pi = body_of(reply);
  CHECK(pi["object"] == "payment_intent");
  CHECK(pi["status"] == "succeeded");
  CHECK(pi["amount_received"] == 4200);
  CHECK(pi["currency"] == "usd");
  CHECK(pi["livemode"] == false);
  CHECK(pi["id"].get<std::string>().substr(0, 3) == "pi_");
  CHECK(pi["latest_charge"].get<std::string>().substr(0, 3) == "ch_");
  CHECK(pi["metadata"]["order_id"] == "ord-1");
  CHECK(reply.response.header("request-id") != nullptr);

  const auto effect = ledger_of(c)["effects"][0];
  CHECK(effect["vendor"] == "stripe");
  CHECK(effect["kind"] == "charge");
  CHECK(effect["id"] == pi["id"]);
  CHECK(effect["charge"] == pi["latest_charge"]);
  CHECK(effect["order_id"] == "ord-1");
  CHECK(effect["step"] == "charge");
  CHECK(effect["attempt"] == 1);
  CHECK(effect["amount"] == 4200);
  CHECK(effect["at_ms"] == c.now);
  CHECK(effect["request_number"] == 1);
}

TEST_CASE("the same key charges once and replays the first answer", "[mock][stripe][key]") {
  mock_client c;
  const auto first = c.charge("k1");
  c.now += 60'000;
  const auto again = c.charge("k1");
  CHECK(again.response.status == 200);
  CHECK(again.response.body == first.response.body);
  CHECK(first.response.header("idempotent-replayed") == nullptr);
  REQUIRE(again.response.header("idempotent-replayed") != nullptr);
  CHECK(*again.response.header("idempotent-replayed") == "true");
  CHECK(*again.response.header("original-request") == *first.response.header("request-id"));
  CHECK(*again.response.header("idempotency-key") == "k1");
  CHECK(c.total(effect_kind::charge) == 1);
  CHECK(c.world.requests(call_id::stripe_charge) == 2);
  CHECK(c.world.replays(call_id::stripe_charge) == 1);
  CHECK(ledger_of(c)["idempotent_replays"]["stripe.charge"] == 1);
}

TEST_CASE("a replay shows the first answer even after the object changed", "[mock][stripe][key]") {
  mock_client c;
  const auto first = c.charge("k1", "pm_card_authenticationRequired", "");
  REQUIRE(body_of(first)["status"] == "requires_action");
  const std::string id = body_of(first)["id"];
  REQUIRE(c.stripe("payment_intents/" + id + "/cancel", "").response.status == 200);
  CHECK(c.charge("k1", "pm_card_authenticationRequired", "").response.body == first.response.body);
  CHECK(body_of(c.stripe_get("payment_intents/" + id))["status"] == "canceled");
  CHECK(c.total(effect_kind::cancel_intent) == 1);
}

TEST_CASE("a key with other parameters or another path is an idempotency_error",
          "[mock][stripe][key]") {
  mock_client c;
  c.charge("k1");
  const auto other = c.charge("k1", "pm_card_mastercard");
  CHECK(other.response.status == 400);
  CHECK(body_of(other)["error"]["type"] == "idempotency_error");
  const auto path = c.stripe("refunds", "payment_intent=pi_x", "k1");
  CHECK(body_of(path)["error"]["type"] == "idempotency_error");
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("parameters in another order are the same parameters", "[mock][stripe][key]") {
  mock_client c;
  const std::string tail = "&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card";
  c.stripe("payment_intents", "amount=100&currency=usd" + tail, "k1");
  const auto again = c.stripe("payment_intents", "currency=usd&amount=100" + tail, "k1");
  REQUIRE(again.response.header("idempotent-replayed") != nullptr);
}

TEST_CASE("a decline is stored under its key", "[mock][stripe][key]") {
  mock_client c;
  const auto first = c.charge("k1", "pm_card_chargeDeclined");
  CHECK(first.response.status == 402);
  const auto again = c.charge("k1", "pm_card_chargeDeclined");
  CHECK(again.response.status == 402);
  CHECK(again.response.body == first.response.body);
  REQUIRE(again.response.header("idempotent-replayed") != nullptr);
  CHECK(c.world.replays(call_id::stripe_charge) == 1);
}

TEST_CASE("refusals before execution are not stored under the key", "[mock][stripe][key]") {
  mock_client c;
  SECTION("a validation failure") {
    CHECK(c.charge("k1", "pm_nonsense").response.status == 400);
  }
  SECTION("a missing key of the account") {
    CHECK(c.send("POST", "/stripe/v1/payment_intents", {{"idempotency-key", "k1"}}, "amount=1")
              .response.status == 401);
  }
  SECTION("a rate limit") {
    REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"status","status":429,"nth":1})"));
    CHECK(c.charge("k1").response.status == 429);
  }
  CHECK(c.charge("k1").response.status == 200);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("a key is in use until the delayed answer has left", "[mock][stripe][key]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"latency_ms":{"stripe":500}})"));
  CHECK(c.charge("k1").delay_ms == 500);
  c.now += 499;
  const auto busy = c.charge("k1");
  CHECK(busy.response.status == 409);
  CHECK(body_of(busy)["error"]["code"] == "idempotency_key_in_use");
  c.now += 1;
  CHECK(c.charge("k1").response.status == 200);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("an old key starts a new request", "[mock][stripe][key]") {
  mock_client c;
  c.charge("k1");
  c.now += 24 * 3'600'000;
  CHECK(c.charge("k1").response.header("idempotent-replayed") != nullptr);
  c.now += 1;
  CHECK(c.charge("k1").response.header("idempotent-replayed") == nullptr);
  CHECK(c.total(effect_kind::charge) == 2);
}

TEST_CASE("the oldest key is forgotten above the bound", "[mock][stripe][key]") {
  mock_client c({.keys_max = 2});
  c.charge("k1");
  c.charge("k2");
  c.charge("k3");
  CHECK(c.charge("k2").response.header("idempotent-replayed") != nullptr);
  CHECK(c.charge("k3").response.header("idempotent-replayed") != nullptr);
  CHECK(c.charge("k1").response.header("idempotent-replayed") == nullptr);
}

TEST_CASE("test payment methods decide the outcome", "[mock][stripe]") {
  using row = std::pair<const char*, const char*>;
  const auto [method, code] =
      GENERATE(row{"pm_card_chargeDeclined", "card_declined"},
               row{"pm_card_chargeDeclinedInsufficientFunds", "card_declined"},
               row{"pm_card_chargeDeclinedFraudulent", "card_declined"},
               row{"pm_card_chargeDeclinedExpiredCard", "expired_card"},
               row{"pm_card_chargeDeclinedProcessingError", "processing_error"},
               row{"pm_card_authenticationRequired", "authentication_required"});
  CAPTURE(method);
  mock_client c;
  const auto reply = c.charge("", method);
  CHECK(reply.response.status == 402);
  const auto error = body_of(reply)["error"];
  CHECK(error["type"] == "card_error");
  CHECK(error["code"] == code);
  CHECK(error["payment_intent"]["status"] == "requires_payment_method");
  CHECK(error["payment_intent"]["last_payment_error"]["code"] == code);
  CHECK(c.total(effect_kind::charge) == 0);
}

TEST_CASE("a customer who authenticates turns requires_action into a charge", "[mock][stripe]") {
  mock_client c;
  const auto pi = body_of(c.charge("k1", "pm_card_authenticationRequired", ""));
  CHECK(pi["status"] == "requires_action");
  CHECK(pi["next_action"]["type"] == "use_stripe_sdk");
  CHECK(c.total(effect_kind::charge) == 0);
  const std::string id = pi["id"];
  REQUIRE(c.world.control(R"({"authenticate":")" + id + R"("})"));
  CHECK(body_of(c.stripe_get("payment_intents/" + id))["status"] == "succeeded");
  CHECK(c.world.effects().count("ord-1", effect_kind::charge) == 1);
  CHECK(c.world.effects().at(0).step == "charge");
  CHECK_FALSE(c.world.control(R"({"authenticate":")" + id + R"("})"));
}

TEST_CASE("a declined PaymentIntent can be confirmed with another method", "[mock][stripe]") {
  mock_client c;
  const auto declined = body_of(c.charge("", "pm_card_chargeDeclined"));
  const std::string id = declined["error"]["payment_intent"]["id"];
  CHECK(c.stripe("payment_intents/" + id + "/confirm", "").response.status == 400);
  const auto paid = c.stripe("payment_intents/" + id + "/confirm", "payment_method=pm_card_visa");
  CHECK(body_of(paid)["status"] == "succeeded");
  CHECK(c.total(effect_kind::charge) == 1);
  const auto again = c.stripe("payment_intents/" + id + "/confirm", "payment_method=pm_card_visa");
  CHECK(body_of(again)["error"]["code"] == "payment_intent_unexpected_state");
}

TEST_CASE("wrong parameters are named", "[mock][stripe]") {
  struct row {
    const char* form;
    const char* code;
    const char* param;
  };
  const auto r = GENERATE(
      row{"currency=usd", "parameter_missing", "amount"},
      row{"amount=100", "parameter_missing", "currency"},
      row{"amount=1x&currency=usd", "parameter_invalid_integer", "amount"},
      row{"amount=-5&currency=usd", "parameter_invalid_integer", "amount"},
      row{"amount=49&currency=usd", "amount_too_small", "amount"},
      row{"amount=100000000&currency=usd", "amount_too_large", "amount"},
      row{"amount=100&currency=usd&order=1", "parameter_unknown", "order"},
      row{"amount=100&currency=usd&payment_method=pm_1", "resource_missing", "payment_method"});
  CAPTURE(r.form);
  mock_client c;
  const auto reply = c.stripe("payment_intents", r.form);
  CHECK(reply.response.status == 400);
  CHECK(body_of(reply)["error"]["type"] == "invalid_request_error");
  CHECK(body_of(reply)["error"]["code"] == r.code);
  CHECK(body_of(reply)["error"]["param"] == r.param);
}

TEST_CASE("an amount is refused as the currency's page says", "[mock][stripe]") {
  struct row {
    const char* form;
    int status;
    const char* code;
    const char* param;
  };
  const auto r = GENERATE(
      row{"amount=50&currency=usd", 200, "", ""}, row{"amount=30&currency=gbp", 200, "", ""},
      row{"amount=29&currency=gbp", 400, "amount_too_small", "amount"},
      row{"amount=50&currency=mxn", 400, "amount_too_small", "amount"},
      row{"amount=17499&currency=huf", 400, "amount_too_small", "amount"},
      row{"amount=49&currency=jpy", 400, "amount_too_small", "amount"},
      row{"amount=50&currency=jpy", 200, "", ""}, row{"amount=42000&currency=kwd", 200, "", ""},
      row{"amount=42005&currency=kwd", 400, "", "amount"},
      row{"amount=1001&currency=tnd", 400, "", "amount"},
      row{"amount=500&currency=isk", 200, "", ""},
      row{"amount=550&currency=isk", 400, "", "amount"},
      row{"amount=1050&currency=ugx", 400, "", "amount"}, row{"amount=1&currency=vnd", 200, "", ""},
      row{"amount=500&currency=xyz", 400, "", "currency"},
      row{"amount=500&currency=hrk", 400, "", "currency"},
      row{"amount=100000000&currency=kwd", 400, "amount_too_large", "amount"},
      row{"amount=999999999999&currency=idr", 200, "", ""},
      row{"amount=1000000000000&currency=idr", 400, "amount_too_large", "amount"});
  CAPTURE(r.form);
  mock_client c;
  const auto reply = c.stripe("payment_intents", r.form);
  CHECK(reply.response.status == r.status);
  if (r.status == 200)
    return;
  const auto error = body_of(reply)["error"];
  CHECK(error["type"] == "invalid_request_error");
  CHECK(error.value("code", "") == r.code);
  CHECK(error["param"] == r.param);
}

TEST_CASE("a part of three-decimal money is given back in tens", "[mock][stripe][refund]") {
  mock_client c;
  const auto charged = c.stripe("payment_intents",
                                "amount=42000&currency=kwd&confirm=true&payment_method=pm_card_visa"
                                "&payment_method_types[]=card");
  REQUIRE(charged.response.status == 200);
  const std::string of = "payment_intent=" + body_of(charged)["id"].get<std::string>();
  CHECK(c.stripe("refunds", of + "&amount=1005").response.status == 400);
  CHECK(c.stripe("refunds", of + "&amount=1000").response.status == 200);
  const auto more = c.stripe("refunds", of + "&amount=42000");
  CHECK(body_of(more)["error"]["message"] ==
        "Refund amount (42.000 kwd) is greater than unrefunded amount on charge (41.000 kwd)");
}

TEST_CASE("combinations that Stripe refuses are refused", "[mock][stripe]") {
  const std::string base = "amount=100&currency=usd";
  const auto* more =
      GENERATE("&off_session=true", "&confirm=true", "&confirm=true&payment_method=pm_card_visa",
               "&currency=xxx%", "&metadata[]=1");
  CAPTURE(more);
  mock_client c;
  CHECK(c.stripe("payment_intents", base + more).response.status == 400);
  CHECK(c.total(effect_kind::charge) == 0);
}

TEST_CASE("requests without a usable key are 401, unknown paths 404", "[mock][stripe]") {
  mock_client c;
  CHECK(c.send("GET", "/stripe/v1/payment_intents").response.status == 401);
  CHECK(c.send("GET", "/stripe/v1/payment_intents", {{"authorization", "Bearer sk_test_invalid"}})
            .response.status == 401);
  CHECK(c.stripe_get("payment_intents/pi_unknown").response.status == 404);
  CHECK(c.stripe_get("nothing").response.status == 404);
}

TEST_CASE("refunds give back what was charged and no more", "[mock][stripe][refund]") {
  mock_client c;
  const std::string id = body_of(c.charge())["id"];
  const auto part = c.stripe("refunds", "payment_intent=" + id + "&amount=1000");
  REQUIRE(part.response.status == 200);
  CHECK(body_of(part)["object"] == "refund");
  CHECK(body_of(part)["status"] == "succeeded");
  CHECK(body_of(part)["amount"] == 1000);
  CHECK(body_of(part)["payment_intent"] == id);
  CHECK(c.stripe("refunds", "payment_intent=" + id + "&amount=3201").response.status == 400);
  const auto rest = c.stripe("refunds",
                             "payment_intent=" + id +
                                 "&reason=requested_by_customer&metadata[order_id]=ord-1"
                                 "&metadata[step]=refund",
                             "r1");
  CHECK(body_of(rest)["amount"] == 3200);
  CHECK(c.stripe("refunds",
                 "payment_intent=" + id +
                     "&reason=requested_by_customer&metadata[order_id]=ord-1"
                     "&metadata[step]=refund",
                 "r1")
            .response.body == rest.response.body);
  const auto over = c.stripe("refunds", "payment_intent=" + id);
  CHECK(over.response.status == 400);
  CHECK(body_of(over)["error"]["code"] == "charge_already_refunded");

  // The first refund named no order: the intent's order counts.
  CHECK(c.world.effects().count("ord-1", effect_kind::refund) == 2);
  CHECK(c.world.effects().at(2).step == "refund");

  const auto list = body_of(c.stripe_get("refunds?payment_intent=" + id + "&limit=1"));
  CHECK(list["data"].size() == 1);
  CHECK(list["data"][0]["id"] == body_of(rest)["id"]);
  CHECK(list["has_more"] == true);
  const auto next = body_of(c.stripe_get("refunds?payment_intent=" + id + "&starting_after=" +
                                         body_of(rest)["id"].get<std::string>()));
  CHECK(next["data"].size() == 1);
  CHECK(next["data"][0]["id"] == body_of(part)["id"]);
  CHECK(next["has_more"] == false);
  CHECK(body_of(c.stripe_get("refunds/" + body_of(part)["id"].get<std::string>()))["amount"] ==
        1000);
}

TEST_CASE("what was not paid cannot be refunded, what was paid not cancelled", "[mock][stripe]") {
  mock_client c;
  const std::string open = body_of(c.charge("", "pm_card_authenticationRequired", ""))["id"];
  CHECK(c.stripe("refunds", "payment_intent=" + open).response.status == 400);
  const std::string paid = body_of(c.charge())["id"];
  const auto cancel = c.stripe("payment_intents/" + paid + "/cancel", "");
  CHECK(cancel.response.status == 400);
  CHECK(body_of(cancel)["error"]["code"] == "payment_intent_unexpected_state");
  CHECK(c.stripe("refunds", "payment_intent=pi_x").response.status == 404);
}

TEST_CASE("PaymentIntents are listed newest first, by time and cursor", "[mock][stripe][list]") {
  mock_client c;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(body_of(c.charge())["id"]);
    c.now += 1'000;
  }
  const auto all = body_of(c.stripe_get("payment_intents"));
  CHECK(all["object"] == "list");
  REQUIRE(all["data"].size() == 5);
  CHECK(all["data"][0]["id"] == ids[4]);
  CHECK(all["has_more"] == false);

  const auto page = body_of(c.stripe_get("payment_intents?limit=2"));
  CHECK(page["data"].size() == 2);
  CHECK(page["has_more"] == true);
  const auto next = body_of(c.stripe_get("payment_intents?limit=3&starting_after=" + ids[3]));
  REQUIRE(next["data"].size() == 3);
  CHECK(next["data"][0]["id"] == ids[2]);
  CHECK(next["has_more"] == false);
  const auto before = body_of(c.stripe_get("payment_intents?limit=1&ending_before=" + ids[2]));
  REQUIRE(before["data"].size() == 1);
  CHECK(before["data"][0]["id"] == ids[3]);
  CHECK(before["has_more"] == true);

  const auto since = body_of(c.stripe_get("payment_intents?created[gte]=1700000003"));
  CHECK(since["data"].size() == 2);
  const auto between =
      body_of(c.stripe_get("payment_intents?created%5Bgt%5D=1700000000&created[lt]=1700000003"));
  CHECK(between["data"].size() == 2);
  CHECK(c.stripe_get("payment_intents?limit=101").response.status == 400);
  CHECK(c.stripe_get("payment_intents?metadata[order_id]=1").response.status == 400);
}

TEST_CASE("metadata survives quotes, control characters and other scripts", "[mock][stripe]") {
  mock_client c;
  const auto reply = c.stripe(
      "payment_intents", "amount=100&currency=usd&metadata[a]=%22%5C%0A%C3%A9+x&metadata[b]=%FF");
  REQUIRE(reply.response.status == 200);
  CHECK(body_of(reply)["metadata"]["a"] == "\"\\\n\xc3\xa9 x");
  CHECK(body_of(reply)["metadata"]["b"] == "\xef\xbf\xbd");
}
