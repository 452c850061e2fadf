#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

// What the vendors do not decide at once.
using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

json body_of(const mock_client::mock_response& reply) {
  return json::parse(reply.response.body);
}

std::string id_of(const mock_client::mock_response& reply, const char* name = "id") {
  return body_of(reply)[name].get<std::string>();
}

} // namespace

TEST_CASE("a payment in processing is decided later, and charged only then", "[mock][undecided]") {
  mock_client c;
  const bool pays = GENERATE(true, false);
  REQUIRE(c.world.control(
      std::string(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"processing",)"
                  R"("late_ms":5000,"outcome":")") +
      (pays ? "success" : "error") + "\"}"));
  const auto made = c.charge("k1");
  CHECK(made.response.status == 200);
  CHECK(body_of(made)["status"] == "processing");
  CHECK(body_of(made)["latest_charge"].is_null());
  CHECK(c.world.effects().total(effect_kind::charge) == 0);
  const auto cancel = c.stripe("payment_intents/" + id_of(made) + "/cancel", "");
  CHECK(cancel.response.status == 400); // A card's payment is not cancelled while it is processed.

  c.now += 4'999;
  CHECK(body_of(c.stripe_get("payment_intents/" + id_of(made)))["status"] == "processing");
  c.now += 1;
  const auto decided = body_of(c.stripe_get("payment_intents/" + id_of(made)));
  CHECK(decided["status"] == (pays ? "succeeded" : "requires_payment_method"));
  CHECK(decided["last_payment_error"].is_null() == pays);
  CHECK(c.world.effects().total(effect_kind::charge) == (pays ? 1 : 0));
  CHECK(c.world.effects().count("ord-1", effect_kind::charge) == (pays ? 1 : 0));
  // What is stored under the key is the first answer.
  CHECK(body_of(c.charge("k1"))["status"] == "processing");
}

TEST_CASE("a refund that is pending is given back later, or fails and can be made again",
          "[mock][undecided]") {
  mock_client c;
  const auto intent = id_of(c.charge());
  const bool succeeds = GENERATE(true, false);
  const std::string first = GENERATE("pending", "requires_action");
  REQUIRE(c.world.control(
      R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"pending","code":")" + first +
      R"(","late_ms":3000,"outcome":")" + (succeeds ? "success" : "error") + "\"}"));
  const auto made = c.stripe("refunds", "payment_intent=" + intent, "r1");
  CHECK(body_of(made)["status"] == first);
  CHECK(c.world.effects().total(effect_kind::refund) == 0);
  // Meanwhile nothing is left to refund.
  CHECK(c.stripe("refunds", "payment_intent=" + intent, "r2").response.status == 400);
  c.now += 3'000;
  CHECK(body_of(c.stripe_get("refunds/" + id_of(made)))["status"] ==
        (succeeds ? "succeeded" : "failed"));
  CHECK(c.world.effects().count("ord-1", effect_kind::refund) == (succeeds ? 1 : 0));
  CHECK(c.stripe("refunds", "payment_intent=" + intent, "r3").response.status ==
        (succeeds ? 400 : 200));
}

TEST_CASE("Stripe's own test card has its refund pending first", "[mock][undecided]") {
  mock_client c;
  const auto intent = id_of(c.charge({}, "pm_card_pendingRefund"));
  const auto made = c.stripe("refunds", "payment_intent=" + intent);
  CHECK(body_of(made)["status"] == "pending");
  c.now += options().stripe_refund_ms;
  CHECK(body_of(c.stripe_get("refunds/" + id_of(made)))["status"] == "succeeded");
}

TEST_CASE("a label may have its tracking number later", "[mock][undecided]") {
  mock_client c;
  REQUIRE(c.world.control(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"untracked","late_ms":2000})"));
  const auto bought = body_of(c.buy(c.rate()));
  CHECK(bought["status"] == "SUCCESS");
  CHECK(bought["tracking_number"].is_null());
  CHECK(bought["label_url"].get<std::string>().starts_with("https://"));
  const auto target = "transactions/" + bought["object_id"].get<std::string>();
  c.now += 1'999;
  CHECK(body_of(c.shippo_get(target))["tracking_number"].is_null());
  c.now += 1;
  CHECK(body_of(c.shippo_get(target))["tracking_number"].get<std::string>().starts_with("92"));
}

TEST_CASE("what one call of one vendor has is asked for of no other", "[mock][undecided]") {
  mock_client c;
  for (const char* wrong :
       {R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"processing"})",
        R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"pending"})",
        R"({"vendor":"shippo","operation":"shipment","nth":1,"effect":"untracked"})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(c.world.control(wrong));
  }
}
