#include "actors/handlers/orders/refund_request.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

// A part of an order's money is given back, once for each name that the caller gives it.
namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

constexpr std::int64_t total = 4'250; // Of `order_body`.

void process(world& w) {
  REQUIRE(field(w.call(order_object("1"), "ProcessOrder", order_body()).body, "status") ==
          "confirmed");
}

world::answer refund(world& w, const std::string& id, std::int64_t amount = 0,
                     const std::string& reason = {}) {
  std::string body = R"({"refundId":")" + id + '"';
  if (amount != 0)
    body += R"(,"amount":)" + std::to_string(amount);
  if (!reason.empty())
    body += R"(,"reason":")" + reason + '"';
  return w.call(order_object("1"), "RefundOrder", body + '}');
}

std::int64_t given_back(const world& w) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::refund)
      sum += e.amount;
  return sum;
}

std::string shown(const world& w, const char* name) {
  return field(w.order("1").body, name);
}

std::size_t mails_of(const world& w, const std::string& words) {
  std::size_t mails = 0;
  for (const auto& body : w.bodies())
    if (body.find(R"("personalizations")") != std::string::npos)
      mails += body.find(words) != std::string::npos ? 1 : 0;
  return mails;
}

world_settings refund_fault(const std::string& rest) {
  return with_faults(R"({"vendor":"stripe","operation":"refund","nth":1,)" + rest + "}");
}

std::string problem_of(const std::string& body) {
  auto checked = handlers::check_refund(body);
  return checked ? std::string() : checked.error().message;
}

} // namespace

TEST_CASE("parts of a payment are given back until nothing is left", "[orders][refund_order]") {
  world w;
  process(w);
  const auto first = refund(w, "r1", 1'000, "one was broken");
  CHECK(first.status == 200);
  CHECK(first.body ==
        R"({"left":3250,"message":"Refunded","orderId":"1","refundId":"r1","refunded":1000})");
  REQUIRE(w.run());
  CHECK(shown(w, "status") == "confirmed");
  CHECK(given_back(w) == 1'000);

  const auto too_much = refund(w, "r2", 3'251);
  CHECK(too_much.status == 409);
  CHECK(too_much.body == "Of order 1 only 32.50 USD is left to refund. Nothing was refunded.");
  CHECK(given_back(w) == 1'000);

  CHECK(field(refund(w, "r2", 250).body, "left") == "3000");
  const auto rest = refund(w, "r3");
  CHECK(field(rest.body, "refunded") == "3000");
  CHECK(field(rest.body, "left") == "0");
  REQUIRE(w.run());
  CHECK(given_back(w) == total);
  CHECK(w.effects("1", effect_kind::refund) == 3);
  CHECK(shown(w, "status") == "refunded");
  CHECK(refund(w, "r4", 1).status == 409);
  CHECK(refund(w, "r5").status == 409);
  CHECK(w.effects("1", effect_kind::refund) == 3);
  const auto list = shown(w, "refunds");
  INFO(list);
  CHECK(list.find(R"("amount":1000,"reason":"one was broken","refundId":"r1","state":"made")") !=
        std::string::npos);
  CHECK(list.find(R"("refundId":"r3")") > list.find(R"("refundId":"r2")"));
}

TEST_CASE("the same refund again is the same answer, with another amount it is refused",
          "[orders][refund_order]") {
  world w;
  process(w);
  const auto first = refund(w, "r1", 1'000);
  CHECK(refund(w, "r1", 1'000).body == first.body);
  CHECK(refund(w, "r1").body == first.body);
  const auto other = refund(w, "r1", 2'000);
  CHECK(other.status == 409);
  CHECK(other.body ==
        "Refund r1 of order 1 is over 10.00 USD. Another amount needs another refundId.");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::refund) == 1);
  CHECK(given_back(w) == 1'000);
}

TEST_CASE("a cancel gives back what refunds have left", "[orders][refund_order]") {
  world w;
  process(w);
  CHECK(refund(w, "r1", 1'000).status == 200);
  CHECK(refund(w, "r2", 2'000).status == 200);
  CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "status") == "cancelled");
  REQUIRE(w.run());
  CHECK(given_back(w) == total);
  CHECK(w.effects("1", effect_kind::refund) == 3);
  CHECK(w.mock.requests(call_id::stripe_refund) == 3);
  CHECK(shown(w, "attention") == "[]");
  CHECK(refund(w, "r3", 100).status == 409);
  CHECK(given_back(w) == total);
}

TEST_CASE("a refund that Stripe refuses is told and leaves what is left",
          "[orders][refund_order]") {
  world w(refund_fault(R"("effect":"status","status":400)"));
  process(w);
  const auto refused = refund(w, "r1", 1'000);
  CHECK(refused.status == 409);
  CHECK(refused.body.starts_with("Refund r1 of order 1 was refused: "));
  CHECK(refused.body.ends_with("To try again, send another refundId."));
  CHECK(refund(w, "r1", 1'000).body == refused.body);
  CHECK(field(refund(w, "r2").body, "refunded") == std::to_string(total));
  REQUIRE(w.run());
  CHECK(given_back(w) == total);
  CHECK(shown(w, "status") == "refunded");
}

TEST_CASE("a refund in doubt counts as made until it is settled", "[orders][refund_order]") {
  for (const char* fault : {R"("effect":"drop_after")", R"("effect":"drop_before")",
                            R"("effect":"late_work","late_ms":5000)", R"("effect":"hang_after")"}) {
    CAPTURE(fault);
    world w(refund_fault(fault));
    process(w);
    const auto a = refund(w, "r1", 4'000);
    CHECK(a.status == 200);
    CHECK(field(a.body, "left") == "250");
    CHECK(refund(w, "r2", 251).status == 409);
    REQUIRE(w.run());
    CHECK(given_back(w) == 4'000);
    CHECK(w.effects("1", effect_kind::refund) == 1);
  }
}

TEST_CASE("a refund that its bank makes later is followed", "[orders][refund_order]") {
  world w(refund_fault(R"("effect":"pending","late_ms":60000)"));
  process(w);
  const auto a = refund(w, "r1", 1'000);
  CHECK(a.status == 200);
  CHECK(field(a.body, "message") == "Refund accepted; the bank has not made it yet");
  CHECK(field(a.body, "left") == "3250");
  CHECK(shown(w, "pending") == R"(["refund_order.1"])");

  SECTION("then it is made") {
    REQUIRE(w.run());
    CHECK(given_back(w) == 1'000);
    CHECK(shown(w, "pending") == "[]");
    CHECK(field(refund(w, "r1").body, "message") == "Refunded");
    CHECK(mails_of(w, "A part of what you paid was given back.") == 1);
    CHECK(shown(w, "status") == "confirmed");
  }
  SECTION("and a cancel meanwhile gives back the rest") {
    CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "status") == "cancelled");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    CHECK(w.effects("1", effect_kind::refund) == 2);
    CHECK(shown(w, "attention") == "[]");
    CHECK(shown(w, "pending") == "[]");
    // Nothing is left to be done by another one.
    const auto asked = w.mock.requests(call_id::stripe_refund);
    w.call(order_object("1"), "CancelOrder", {});
    CHECK(w.mock.requests(call_id::stripe_refund) == asked);
  }
}

TEST_CASE("a refund that its bank cannot make is the shop's again, and a person's",
          "[orders][refund_order]") {
  world w(refund_fault(R"("effect":"pending","late_ms":60000,"outcome":"error")"));
  process(w);
  CHECK(refund(w, "r1", 1'000).status == 200);
  REQUIRE(w.run());
  CHECK(given_back(w) == 0);
  CHECK(shown(w, "attention").find("refund failed") != std::string::npos);
  const auto again = refund(w, "r1", 1'000);
  CHECK(again.status == 409);
  CHECK(again.body.starts_with("Refund r1 of order 1 has failed: refund failed"));
  CHECK(field(refund(w, "r2").body, "refunded") == std::to_string(total));
  REQUIRE(w.run());
  CHECK(given_back(w) == total);
  CHECK(shown(w, "attention") == "[]");
}

TEST_CASE("a cancel gives back what failed after the one before, and no more",
          "[orders][refund_order][cancel]") {
  const auto cancelled = [](world& w) {
    return field(w.call(order_object("1"), "CancelOrder", {}).body, "message");
  };
  SECTION("a part of it, and the same amount has one key") {
    world w(refund_fault(R"("effect":"pending","late_ms":60000,"outcome":"error")"));
    process(w);
    CHECK(refund(w, "r1", 1'000).status == 200);
    cancelled(w);
    REQUIRE(w.run());
    CHECK(given_back(w) == total - 1'000);
    CHECK(shown(w, "attention").find("refund_order.1") != std::string::npos);
    CHECK(cancelled(w) == "Order cancelled");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    // Each was asked for once, over what was left, and none was refused.
    CHECK(w.mock.requests(call_id::stripe_refund) == 3);
    CHECK(shown(w, "attention") == "[]");
  }
  SECTION("all of it, and nobody is called any more") {
    world w(refund_fault(R"("effect":"pending","late_ms":60000,"outcome":"error")"));
    process(w);
    CHECK(refund(w, "r1").status == 200);
    cancelled(w);
    REQUIRE(w.run());
    CHECK(given_back(w) == 0);
    CHECK(cancelled(w) == "Order cancelled");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    CHECK(shown(w, "attention") == "[]");
  }
  SECTION("one of two, while the other is made") {
    world w(with_faults(
        R"({"faults":[{"vendor":"stripe","operation":"refund","nth":1,"effect":"pending",)"
        R"("late_ms":20000,"outcome":"error"},{"vendor":"stripe","operation":"refund","nth":1,)"
        R"("effect":"pending","late_ms":60000}]})"));
    process(w);
    CHECK(refund(w, "r1", 1'000).status == 200);
    CHECK(refund(w, "r2", 500).status == 200);
    cancelled(w);
    REQUIRE(w.run());
    CHECK(given_back(w) == total - 1'000);
    CHECK(cancelled(w) == "Order cancelled");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    CHECK(w.mock.requests(call_id::stripe_refund) == 4);
    CHECK(shown(w, "attention") == "[]");
  }
  SECTION("its own refund came after a part had failed") {
    world w(with_faults(
        R"({"faults":[{"vendor":"stripe","operation":"refund","nth":1,"effect":"pending",)"
        R"("late_ms":20000,"outcome":"error"},{"vendor":"stripe","operation":"refund","nth":1,)"
        R"("effect":"pending","late_ms":60000}]})"));
    process(w);
    CHECK(refund(w, "r1", 1'000).status == 200);
    cancelled(w);
    REQUIRE(w.run());
    CHECK(given_back(w) == total - 1'000);
    CHECK(cancelled(w) == "Order cancelled");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    CHECK(shown(w, "attention") == "[]");
  }
}

TEST_CASE("an order that is not there, or not paid, refunds nothing", "[orders][refund_order]") {
  world w;
  CHECK(refund(w, "r1").status == 404);
  w.call(order_object("1"), "ProcessOrder",
         order_body(R"("payment":{"method":"pm_card_chargeDeclined"})"));
  const auto a = refund(w, "r1", 100);
  CHECK(a.status == 409);
  CHECK(a.body ==
        "Nothing is paid of order 1, so there is nothing to refund; it is payment_failed.");
  w.call(order_object("2"), "ProcessOrder",
         order_body(R"("payment":{"method":"pm_card_authenticationRequired"})"));
  CHECK(w.call(order_object("2"), "RefundOrder", R"({"refundId":"r1"})").body ==
        "Nothing is paid of order 2, so there is nothing to refund; it is requires_action.");
  w.call(order_object("3"), "ProcessOrder",
         order_body(R"("adjustments":[{"label":"a gift","amount":-4250}])"));
  CHECK(w.call(order_object("3"), "RefundOrder", R"({"refundId":"r1"})").body ==
        "Order 3 costs nothing, so there is nothing to refund; it is confirmed.");
  CHECK(w.mock.requests(call_id::stripe_refund) == 0);
}

TEST_CASE("all that is left is what others have left", "[orders][refund_order]") {
  world w;
  process(w);
  refund_at_stripe(w, "1", 1'000);
  SECTION("where no amount is asked for") {
    const auto a = refund(w, "r1");
    CHECK(a.status == 200);
    CHECK(a.body ==
          R"({"left":0,"message":"Refunded","orderId":"1","refundId":"r1","refunded":3250})");
    CHECK(refund(w, "r1").body == a.body);
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    CHECK(shown(w, "status") == "refunded");
    CHECK(shown(w, "attention") == "[]");
  }
  SECTION("and more is refused with what is left, which is known from then on") {
    const auto all = refund(w, "r1", total);
    CHECK(all.status == 409);
    CHECK(all.body ==
          "Refund r1 of order 1 was refused: only 32.50 USD of it is left, since others "
          "have refunded a part. To try again, send another refundId.");
    CHECK(shown(w, "refunds").find("stripeRefundId") == std::string::npos);
    CHECK(field(refund(w, "r2", 250).body, "left") == "3000");
    CHECK(field(refund(w, "r3", 3'000).body, "left") == "0");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
    CHECK(shown(w, "status") == "refunded");
  }
  SECTION("and a name of its own has a key of its own afterwards") {
    CHECK(refund(w, "r1", 1'000).status == 200);
    refund_at_stripe(w, "1", 250);
    CHECK(field(refund(w, "r2").body, "refunded") == "2000");
    CHECK(refund(w, "r3").status == 409);
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
  }
  SECTION("and a cancel gives back the rest") {
    CHECK(refund(w, "r1", total).status == 409);
    CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "message") == "Order cancelled");
    REQUIRE(w.run());
    CHECK(given_back(w) == total);
  }
}

TEST_CASE("a refunded order without a parcel waits for no label and no number",
          "[orders][refund_order][label]") {
  for (const char* fault : {R"("nth":1,"effect":"drop_before")", R"("nth":1,"effect":"drop_after")",
                            R"("always":true,"effect":"refuse","text":"no")",
                            R"("nth":1,"effect":"untracked","late_ms":600000)"}) {
    CAPTURE(fault);
    world w(with_faults(R"({"vendor":"shippo","operation":"label",)" + std::string(fault) + "}"));
    process(w);
    CHECK(refund(w, "r1").status == 200);
    REQUIRE(w.run());
    CHECK(shown(w, "status") == "refunded");
    CHECK(shown(w, "pending") == "[]");
    CHECK(shown(w, "attention") == "[]");
    CHECK(w.live().empty());
  }
}

TEST_CASE("a refund that cannot be what was meant is refused before anything is stored",
          "[orders][refund_order]") {
  CHECK(problem_of(R"({"refundId":"r-1_a.b:2","amount":1,"reason":"broken"})").empty());
  CHECK(problem_of(R"({"refundId":"r","amount":null})").empty());
  for (const char* body :
       {"", "[]", "{}", R"({"refundId":""})", R"({"refundId":7})", R"({"refundId":"a b"})",
        R"({"refundId":"r","amount":0})", R"({"refundId":"r","amount":-5})",
        R"({"refundId":"r","amount":1.5})", R"({"refundId":"r","amount":"5"})",
        R"({"refundId":"r","ammount":5})", R"({"refundId":"r","reason":7})",
        R"({"refundId":"r","refundId":"s"})", R"({"refundId":"r","reason":"4242424242424242"})"}) {
    CAPTURE(body);
    CHECK_FALSE(problem_of(body).empty());
  }
  CHECK_FALSE(problem_of(R"({"refundId":")" + std::string(65, 'r') + "\"}").empty());
  CHECK(problem_of("{}") == "refundId is missing.");
}

} // namespace orderhub::testing
