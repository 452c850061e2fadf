#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// An order that is sent again with other content is taken as far as nothing was done for the old
// one, and refused by name where something was: never a 200 that hides it.
namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

/// One request; each test changes what it needs.
struct request {
  std::string price = "1800";
  std::string email = "ada@example.com";
  std::string street = "1 Main St";
  std::string zip = "62701";
  std::string method = {};
  std::string more = {}; ///< Members behind a comma.

  [[nodiscard]] std::string text() const {
    return R"({"items":[{"productId":"a","quantity":1,"price":)" + price +
           R"(}],"customer":{"email":")" + email +
           R"(","name":"Ada Buyer"},"shipping":{"street":")" + street +
           R"(","city":"Springfield","state":"IL","zip":")" + zip + "\"}" +
           (method.empty() ? "" : R"(,"payment":{"method":")" + method + "\"}") + more + "}";
  }
};

world::answer send(world& w, const request& r) {
  return w.call(order_object("1"), "ProcessOrder", r.text());
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Where the parcels went that have a label: postal codes.
std::vector<std::string> destinations(const world& w) {
  std::vector<std::string> list;
  const auto& effects = w.mock.effects();
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const auto label = effects.at(i);
    if (label.kind != effect_kind::label)
      continue;
    for (std::size_t k = 0; k < effects.size(); ++k)
      if (const auto e = effects.at(k);
          e.kind == effect_kind::shipment && e.number == label.rate >> 8U)
        list.emplace_back(e.to);
  }
  return list;
}

std::vector<std::int64_t> charged(const world& w) {
  std::vector<std::int64_t> list;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::charge)
      list.push_back(e.amount);
  return list;
}

std::vector<std::string> mailed(const world& w) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::mail)
      list.emplace_back(e.to);
  return list;
}

using amounts = std::vector<std::int64_t>;
using texts = std::vector<std::string>;

} // namespace

// ── Nothing is charged ───────────────────────────────────────────────────────────────────────

// woocommerce-gateway-stripe PR#4093.
TEST_CASE("a cart that is changed after a decline is charged, shipped and told as it is now",
          "[orders][changes]") {
  world w;
  CHECK(field(send(w, {.method = "pm_card_chargeDeclined"}).body, "status") == "payment_failed");
  if (GENERATE(false, true))
    w.lose_power();
  const auto paid = send(w, {.price = "1000",
                             .email = "new@example.com",
                             .street = "2 New Rd",
                             .zip = "10001",
                             .method = "pm_card_visa"});
  CHECK(paid.status == 200);
  CHECK(field(paid.body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(charged(w) == amounts{1000});
  CHECK(destinations(w) == texts{"10001"});
  CHECK(mailed(w) == texts{"new@example.com"});
  const auto shown = w.order("1").body;
  CHECK(field(shown, "total") == "1000");
  CHECK(holds(field(shown, "shipping"), "2 New Rd"));
  CHECK(holds(field(shown, "customer"), "new@example.com"));
  const auto changes = field(shown, "changes");
  CHECK(holds(changes, R"("fields":["items[0].price","customer.email","shipping.street",)"
                       R"("shipping.zip"])"));
  CHECK(holds(changes, R"("at":"2023-11-14T22:13:)"));
  CHECK(problems_of(w, "1", {}).empty());
  // From now on that is the order.
  CHECK(
      field(
          send(w,
               {.price = "1000", .email = "new@example.com", .street = "2 New Rd", .zip = "10001"})
              .body,
          "message") == "Order already processed");
}

// mozilla/fxa#11573.
TEST_CASE("a corrected amount is tried again by itself, whoever refused the one before",
          "[orders][changes]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"status",)"
                      R"("status":400})"));
  CHECK(field(send(w, {.price = "60"}).body, "status") == "payment_failed");
  const auto paid = send(w, {.price = "3000"});
  CHECK(field(paid.body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(charged(w) == amounts{3000});
  CHECK(field(w.order("1").body, "attention") == "[]");
}

TEST_CASE("a changed order that is declined too is what it was changed to", "[orders][changes]") {
  world w;
  send(w, {.method = "pm_card_chargeDeclined"});
  const auto declined = send(w, {.price = "1000", .method = "pm_card_chargeDeclined"});
  CHECK(field(declined.body, "status") == "payment_failed");
  CHECK(w.mock.requests(call_id::stripe_charge) == 2);
  CHECK(field(w.order("1").body, "total") == "1000");
  // Once more the same is a repeat; back to the first is a change again.
  CHECK(send(w, {.price = "1000", .method = "pm_card_chargeDeclined"}).body == declined.body);
  CHECK(field(send(w, {.method = "pm_card_visa"}).body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(charged(w) == amounts{1800});
  const auto changes = field(w.order("1").body, "changes");
  CHECK(changes.find("items[0].price") != changes.rfind("items[0].price")); // Two of them.
}

TEST_CASE("a declined order that is sent again unchanged stays as it is", "[orders][changes]") {
  world w;
  const auto declined = send(w, {.method = "pm_card_chargeDeclined"});
  const auto tries = w.mock.requests(call_id::stripe_charge);
  CHECK(send(w, {.method = "pm_card_chargeDeclined", .more = R"(,"note":"again")"}).body ==
        declined.body);
  CHECK(w.mock.requests(call_id::stripe_charge) == tries);
  CHECK(field(w.order("1").body, "changes").empty());
}

// ── The customer has to authenticate ─────────────────────────────────────────────────────────

TEST_CASE("a payment that waits for its customer is cancelled before other content is charged",
          "[orders][changes][payment]") {
  world w;
  const auto asked = send(w, {.method = "pm_card_authenticationRequired"});
  const auto first = field(asked.body, "paymentIntentId");
  const auto paid = send(w, {.price = "1000", .method = "pm_card_visa"});
  CHECK(field(paid.body, "status") == "confirmed");
  CHECK_FALSE(w.mock.control(R"({"authenticate":")" + first + "\"}")); // Too late for it.
  REQUIRE(w.run());
  CHECK(charged(w) == amounts{1000});
  CHECK(w.effects("1", effect_kind::cancel_intent) == 1);
  CHECK(field(w.order("1").body, "total") == "1000");
}

TEST_CASE("a payment that its customer authenticated meanwhile counts, and its order goes on",
          "[orders][changes][payment]") {
  world w;
  const auto asked = send(w, {.method = "pm_card_authenticationRequired"});
  const auto intent = field(asked.body, "paymentIntentId");
  const bool in_the_last_moment = GENERATE(false, true);
  const auto authenticate = [intent](world& now) {
    REQUIRE(now.mock.control(R"({"authenticate":")" + intent + "\"}"));
  };
  if (in_the_last_moment) // Stripe was asked how it stands; now it is cancelled, too late.
    w.when([](world& now) { return now.calling("stripe", "/cancel"); }, authenticate);
  else
    authenticate(w);
  SECTION("items are refused, and it ships as it was paid") {
    const auto refused = send(w, {.price = "1000", .zip = "10001"});
    CHECK(refused.status == 409);
    CHECK(holds(refused.body, "items[0].price and shipping.zip"));
    REQUIRE(w.run());
    CHECK(charged(w) == amounts{1800});
    CHECK(destinations(w) == texts{"62701"});
    CHECK(field(w.order("1").body, "status") == "confirmed");
    CHECK(field(w.order("1").body, "total") == "1800");
    CHECK(field(w.order("1").body, "changes").empty());
  }
  SECTION("another address is where it goes") {
    const auto taken = send(w, {.zip = "10001"});
    CHECK(taken.status == 200);
    CHECK(field(taken.body, "status") == "confirmed");
    REQUIRE(w.run());
    CHECK(charged(w) == amounts{1800});
    CHECK(destinations(w) == texts{"10001"});
  }
}

// ── The charge is not decided ────────────────────────────────────────────────────────────────

TEST_CASE("other content does not wait behind a charge in doubt", "[orders][changes][payment]") {
  world w(with_faults(
      R"({"vendor":"stripe","operation":"charge","always":true,"times":40,"effect":"drop_after"})"));
  const auto first = w.ask(order_object("1"), "ProcessOrder", request{}.text());
  REQUIRE(w.run_until([](world& now) {
    return holds(field(now.order("1").body, "in_doubt"), R"("step":"charge")");
  }));
  const auto asked_at = w.time.wall_ms();
  const auto refused = send(w, {.price = "1000"});
  CHECK(refused.status == 409);
  CHECK(w.time.wall_ms() - asked_at < 1'000);
  CHECK(holds(refused.body, "a charge of which nobody knows yet"));
  CHECK(holds(refused.body, "items[0].price"));
  CHECK_FALSE(w.of(first).heard);
  // The same content waits for the answer, as ever.
  const auto same = w.ask(order_object("1"), "ProcessOrder", request{}.text());
  REQUIRE(w.run());
  CHECK(field(w.of(first).heard->body, "status") == "confirmed");
  CHECK(field(w.of(same).heard->body, "message") == "Order already processed");
  CHECK(charged(w) == amounts{1800});
  CHECK(field(w.order("1").body, "total") == "1800");
}

TEST_CASE("nothing is taken while the bank has not decided", "[orders][changes][payment]") {
  world w;
  send(w, {.method = "pm_card_chargeDeclined"});
  // A second attempt, of which Stripe says nothing that decides it.
  handlers::order_event event;
  event.name = "payment_processing";
  handlers::payment_fact payment;
  payment.attempt = 2;
  payment.state = handlers::payment_state::pending;
  payment.intent_id = "pi_3M00000000000000";
  event.learned.payments.push_back(payment);
  CHECK(w.inform(order_object("1"), "RecordEvent", event.encode()).status == 200);
  const auto refused = send(w, {.price = "1000", .method = "pm_card_visa"});
  CHECK(refused.status == 409);
  CHECK(holds(refused.body, "has a payment that is not decided yet"));
  CHECK(holds(refused.body, "differs in items[0].price;"));
  REQUIRE(w.run());
  CHECK(charged(w).empty());
  CHECK(field(w.order("1").body, "total") == "1800");
}

// ── It is charged ────────────────────────────────────────────────────────────────────────────

TEST_CASE("a charged order without a label goes where it is sent now", "[orders][changes][label]") {
  world w;
  const auto refused = send(w, {.zip = "00000"}); // No carrier goes there.
  CHECK(field(refused.body, "status") == "confirmed");
  CHECK(field(refused.body, "pending") == R"(["label"])");
  const bool loses_power = GENERATE(false, true);
  if (loses_power)
    w.lose_power();
  const auto began = w.time.wall_ms();
  const auto taken = send(w, {.email = "new@example.com", .street = "2 New Rd", .zip = "10001"});
  CHECK(taken.status == 200);
  CHECK(field(taken.body, "message") == "Order processed successfully");
  CHECK(field(taken.body, "trackingNumber") != "null");
  CHECK(w.time.wall_ms() - began < 5'000); // At once, not when it was to be tried again.
  // The confirmation said that the number follows: its mail is on its way, or has left by now.
  const auto open = field(taken.body, "pending");
  CHECK((open.empty() || open == R"(["tracking"])"));
  REQUIRE(w.run());
  CHECK(destinations(w) == texts{"10001"});
  CHECK(charged(w) == amounts{1800});
  // The confirmation, and the tracking number that it promised.
  CHECK(mailed(w) == texts{"ada@example.com", "new@example.com"});
  const auto shown = w.order("1").body;
  CHECK(holds(field(shown, "shipping"), "2 New Rd"));
  CHECK(holds(field(shown, "changes"), R"(["customer.email","shipping.street","shipping.zip"])"));
  CHECK(field(shown, "pending") == "[]");
  CHECK(field(shown, "attention") == "[]");
  CHECK(w.live().empty()); // The try that was to come later is gone.
  CHECK(w.mock.requests(call_id::shippo_shipment) == 2);
  CHECK(problems_of(w, "1", {}).empty());
}

TEST_CASE("a delivery that is refused again is tried again, with pauses that begin anew",
          "[orders][changes][label]") {
  world w;
  send(w, {.zip = "00000"});
  CHECK_FALSE(w.run(40 * 60'000)); // Pauses of many minutes by now.
  const auto tries = w.mock.requests(call_id::shippo_shipment);
  const auto still = send(w, {.street = "2 New Rd", .zip = "00000"});
  CHECK(field(still.body, "pending") == R"(["label"])");
  CHECK(w.mock.requests(call_id::shippo_shipment) == tries + 1);
  CHECK_FALSE(w.run(65'000)); // A minute, and not an hour.
  CHECK(w.mock.requests(call_id::shippo_shipment) == tries + 2);
  // One chain of tries, not two: after 1, 3, 7, 15, 31, 63 and 123 minutes.
  CHECK_FALSE(w.run(130 * 60'000));
  CHECK(w.mock.requests(call_id::shippo_shipment) == tries + 8);
  const auto taken = send(w, {.street = "2 New Rd", .zip = "10001"});
  CHECK(field(taken.body, "trackingNumber") != "null");
  REQUIRE(w.run());
  CHECK(destinations(w) == texts{"10001"});
  CHECK(w.live().empty());
}

TEST_CASE("items and amounts of a charged order stay", "[orders][changes][label]") {
  world w;
  send(w, {.zip = "00000"});
  const auto refused = send(w, {.price = "1000", .zip = "10001"});
  CHECK(refused.status == 409);
  CHECK(refused.body ==
        "Order 1 is charged, so its items and amounts stay. This request differs in "
        "items[0].price and shipping.zip; nothing of it was taken. GetOrder shows what is "
        "recorded; to have it as sent now, cancel it with CancelOrder and send it under another "
        "key.");
  const auto shown = w.order("1").body;
  CHECK(holds(field(shown, "shipping"), "00000"));
  CHECK(field(shown, "total") == "1800");
  CHECK(field(shown, "changes").empty());
  // Nothing was taken, so the address alone still can be.
  CHECK(send(w, {.zip = "10001"}).status == 200);
  REQUIRE(w.run());
  CHECK(charged(w) == amounts{1800});
  CHECK(destinations(w) == texts{"10001"});
}

TEST_CASE("an order that has its label takes nothing any more", "[orders][changes][label]") {
  world w;
  CHECK(field(send(w, {}).body, "status") == "confirmed");
  for (const auto& [r, fields] : {std::pair(request{.zip = "10001"}, "shipping.zip"),
                                  std::pair(request{.email = "new@example.com"}, "customer.email"),
                                  std::pair(request{.price = "1000"}, "items[0].price"),
                                  std::pair(request{.more = R"(,"currency":"eur")"}, "currency")}) {
    CAPTURE(fields);
    const auto refused = send(w, r);
    CHECK(refused.status == 409);
    CHECK(holds(refused.body, std::string("differs in ") + fields + "; nothing of it was taken."));
  }
  CHECK(field(send(w, {.method = "pm_card_mastercard", .more = R"(,"retry":true)"}).body,
              "message") == "Order already processed");
  REQUIRE(w.run());
  CHECK(charged(w) == amounts{1800});
  CHECK(destinations(w) == texts{"62701"});
  CHECK(field(w.order("1").body, "changes").empty());
  CHECK(problems_of(w, "1", {}).empty());
}

TEST_CASE("nothing is taken while a label is in doubt or queued", "[orders][changes][label]") {
  for (const char* fault :
       {R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":40000})",
        R"({"vendor":"shippo","operation":"label","nth":1,"effect":"latency","latency_ms":25000})",
        R"({"vendor":"shippo","operation":"label","nth":1,"effect":"queued","late_ms":40000})"}) {
    CAPTURE(fault);
    world w(with_faults(fault));
    CHECK(field(send(w, {}).body, "pending") == R"(["label"])");
    const auto refused = send(w, {.zip = "10001"});
    CHECK(refused.status == 409);
    CHECK(holds(refused.body, "may be bought already"));
    CHECK(holds(refused.body, "differs in shipping.zip;"));
    REQUIRE(w.run());
    CHECK(destinations(w) == texts{"62701"});
    CHECK(holds(field(w.order("1").body, "shipping"), "62701"));
    CHECK(problems_of(w, "1", {}).empty());
  }
}

TEST_CASE("a delivery that is changed while rates are asked for is the one that is bought",
          "[orders][changes][label]") {
  world w(with_faults(R"({"vendor":"shippo","operation":"shipment","nth":1,"effect":"latency",)"
                      R"("latency_ms":15000})"));
  CHECK(field(send(w, {}).body, "pending") == R"(["label"])");
  const auto taken = send(w, {.zip = "10001"});
  CHECK(taken.status == 200);
  REQUIRE(w.run());
  CHECK(destinations(w) == texts{"10001"});
  CHECK(holds(field(w.order("1").body, "shipping"), "10001"));
  CHECK(field(w.order("1").body, "pending") == "[]");
  CHECK(problems_of(w, "1", {}).empty());
}

// ── It is cancelled ──────────────────────────────────────────────────────────────────────────

// InsForge PR#1490.
TEST_CASE("a cancelled order is not processed again, whatever it is sent with",
          "[orders][changes][cancel]") {
  world w;
  send(w, {});
  CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "status") == "cancelled");
  REQUIRE(w.run());
  const auto before = w.requests().size();
  for (const auto& r :
       {request{}, request{.method = "pm_card_mastercard", .more = R"(,"retry":true)"},
        request{.price = "1000"}}) {
    const auto again = send(w, r);
    CHECK(again.status == 409);
    CHECK(again.body == "Order 1 was cancelled and is not processed again. Send a new order under "
                        "another key.");
  }
  REQUIRE(w.run());
  CHECK(w.requests().size() == before);
}

// ── Several at once ──────────────────────────────────────────────────────────────────────────

TEST_CASE("who waits behind another request compares with what that left", "[orders][changes]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"latency",)"
                      R"("latency_ms":2000})"));
  const auto first =
      w.ask(order_object("1"), "ProcessOrder", request{.method = "pm_card_chargeDeclined"}.text());
  REQUIRE(w.run_until([](world& now) { return now.calling("stripe", "/v1/payment_intents"); }));
  const auto second = w.ask(order_object("1"), "ProcessOrder", request{.price = "1000"}.text());
  REQUIRE(w.run_until([&](world& now) { return now.of(second).heard.has_value(); }));
  const auto third = w.ask(order_object("1"), "ProcessOrder", request{}.text());
  REQUIRE(w.run());
  CHECK(field(w.of(first).heard->body, "status") == "payment_failed");
  CHECK(field(w.of(second).heard->body, "status") == "confirmed");
  CHECK(w.of(third).heard->status == 409);
  CHECK(charged(w) == amounts{1000});
  CHECK(field(w.order("1").body, "total") == "1000");
}

} // namespace orderhub::testing
