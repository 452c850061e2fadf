#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

world::answer process(world& w, const std::string& extra = {}) {
  return w.call(order_object("1"), "ProcessOrder", order_body(extra));
}

std::string paying_with(const std::string& method) {
  return R"("payment":{"method":")" + method + "\"}";
}

/// Requests that began with that, in order.
std::vector<std::string> requests(const world& w, const std::string& beginning) {
  std::vector<std::string> list;
  for (const auto& line : w.requests())
    if (line.starts_with(beginning))
      list.push_back(line);
  return list;
}

} // namespace

TEST_CASE("a good order is charged, shipped, told and confirmed", "[orders]") {
  world w;
  const auto a = process(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "orderId") == "1");
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "message") == "Order processed successfully");
  CHECK(field(a.body, "chargeId").starts_with("ch_"));
  CHECK(field(a.body, "paymentIntentId").starts_with("pi_"));
  CHECK(field(a.body, "trackingNumber") != "null");
  CHECK_FALSE(field(a.body, "trackingNumber").empty());
  CHECK_FALSE(field(a.body, "labelId").empty());
  CHECK(field(a.body, "pending").empty());
  CHECK(field(a.body, "attention").empty());
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());

  const auto shown = w.order("1").body;
  CHECK(field(shown, "orderId") == "1");
  CHECK(field(shown, "items") == R"([{"price":1500,"productId":"sku-1","quantity":2},)"
                                 R"({"price":1250,"productId":"sku-2","quantity":1}])");
  CHECK(field(shown, "customer") == R"({"email":"ada@example.com","name":"Ada Lovelace"})");
  CHECK(field(shown, "total") == "4250");
  CHECK(field(shown, "currency") == "usd");
  CHECK(field(shown, "chargeId") == field(a.body, "chargeId"));
  CHECK(field(shown, "trackingNumber") == field(a.body, "trackingNumber"));
  CHECK(field(shown, "notices") ==
        R"({"announce_confirmed":"sent","announce_new":"sent","mail_confirm":"sent"})");
  CHECK(field(shown, "in_doubt") == "[]");
  CHECK(field(shown, "pending") == "[]");
  CHECK(field(shown, "attention") == "[]");
  CHECK(field(shown, "createdAt").starts_with("2023-11-14T22:13:20."));
  CHECK(field(shown, "updatedAt") >= field(shown, "createdAt"));
}

TEST_CASE("an order sent again is answered with what is recorded, however it is paid", "[orders]") {
  world w;
  const auto first = process(w);
  auto expected = first.body;
  const std::string message = "Order processed successfully";
  expected.replace(expected.find(message), message.size(), "Order already processed");
  CHECK(process(w).body == expected);
  CHECK(process(w, R"("note":"a field that nobody knows")").body == expected);
  CHECK(process(w, paying_with("pm_card_mastercard") + R"(,"retry":true)").body == expected);
  w.lose_power();
  CHECK(process(w).body == expected);
  REQUIRE(w.run());
  CHECK(problems_of(w, "1", {}).empty());
  CHECK(w.effects("1", effect_kind::mail) == 1);
}

TEST_CASE("two orders of one key at one time are one order", "[orders]") {
  world w;
  const auto one = w.ask(order_object("1"), "ProcessOrder", order_body());
  const auto two = w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run());
  std::vector<std::string> messages = {field(w.of(one).heard->body, "message"),
                                       field(w.of(two).heard->body, "message")};
  std::sort(messages.begin(), messages.end());
  CHECK(messages ==
        std::vector<std::string>{"Order already processed", "Order processed successfully"});
  CHECK(problems_of(w, "1", {}).empty());
}

TEST_CASE("an order that nobody sent is unknown", "[orders]") {
  world w;
  CHECK(w.order("1").status == 404);
  CHECK(w.order("1").body == "There is no order 1.");
}

TEST_CASE("a declined card fails the payment and nothing else happens", "[orders][payment]") {
  struct row {
    const char* method;
    const char* reason;
  };
  for (const auto& r :
       {row{"pm_card_chargeDeclined", "card_declined/generic_decline"},
        row{"pm_card_chargeDeclinedInsufficientFunds", "card_declined/insufficient_funds"},
        row{"pm_card_chargeDeclinedExpiredCard", "expired_card"},
        row{"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"}}) {
    CAPTURE(r.method);
    world w;
    const auto a = process(w, paying_with(r.method));
    CHECK(a.status == 200);
    CHECK(field(a.body, "status") == "payment_failed");
    CHECK(field(a.body, "message") == std::string("Payment failed: ") + r.reason);
    CHECK(field(a.body, "chargeId") == "null");
    CHECK(field(a.body, "trackingNumber") == "null");
    REQUIRE(w.run());
    CHECK(w.effects("1", effect_kind::charge) == 0);
    CHECK(w.effects("1", effect_kind::shipment) == 0);
    CHECK(w.effects("1", effect_kind::mail) == 0);
    CHECK(w.effects("1", effect_kind::message, "announce_failed") == 1);
    CHECK(field(w.order("1").body, "status") == "payment_failed");
    CHECK(w.live().empty());
  }
}

TEST_CASE("a declined order is tried again only where the caller says so, under a new key",
          "[orders][payment]") {
  world w;
  const auto declined = process(w, paying_with("pm_card_chargeDeclined"));
  // The same request, or one that names no method: what is recorded.
  CHECK(process(w, paying_with("pm_card_chargeDeclined")).body == declined.body);
  CHECK(process(w).body == declined.body);
  CHECK(requests(w, "POST /stripe/v1/payment_intents").size() == 1);

  const auto again = process(w, paying_with("pm_card_chargeDeclinedExpiredCard"));
  CHECK(field(again.body, "message") == "Payment failed: expired_card");
  const auto insisted =
      process(w, paying_with("pm_card_chargeDeclinedExpiredCard") + R"(,"retry":true)");
  CHECK(field(insisted.body, "status") == "payment_failed");
  const auto paid = process(w, paying_with("pm_card_visa"));
  CHECK(field(paid.body, "status") == "confirmed");
  CHECK(field(paid.body, "message") == "Order processed successfully");
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());

  auto charges = requests(w, "POST /stripe/v1/payment_intents ");
  REQUIRE(charges.size() == 4);
  std::sort(charges.begin(), charges.end());
  CHECK(std::unique(charges.begin(), charges.end()) == charges.end());
}

TEST_CASE("a customer who must authenticate does, and the order goes on", "[orders][payment]") {
  world w;
  const auto asked = process(w, paying_with("pm_card_authenticationRequired"));
  CHECK(asked.status == 200);
  CHECK(field(asked.body, "status") == "requires_action");
  CHECK(field(asked.body, "message") == "The customer must authenticate the payment");
  CHECK(field(asked.body, "chargeId") == field(asked.body, "paymentIntentId"));
  // The client secret is fetched whenever the order is shown, and is in no stored answer.
  CHECK(asked.body.find("secret") == std::string::npos);
  for (const char* handler : {"ProcessOrder", "GetOrder"})
    CHECK(field(w.enriched(order_object("1"), handler, asked).body, "clientSecret")
              .starts_with(field(asked.body, "paymentIntentId") + "_secret_"));
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::charge) == 0);

  // Asked again too early: still the same, and no second payment.
  const auto early = process(w, paying_with("pm_card_authenticationRequired"));
  CHECK(field(early.body, "status") == "requires_action");
  CHECK(w.effects("1", effect_kind::shipment) == 0);

  REQUIRE(w.mock.control(R"({"authenticate":")" + field(asked.body, "paymentIntentId") + "\"}"));
  w.lose_power();
  const auto done = process(w);
  CHECK(field(done.body, "status") == "confirmed");
  CHECK(field(done.body, "message") == "Order processed successfully");
  CHECK(field(done.body, "chargeId").starts_with("ch_"));
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());
  CHECK(requests(w, "POST /stripe/v1/payment_intents ").size() == 1);
}

TEST_CASE("a customer who does not authenticate can pay in another way", "[orders][payment]") {
  world w;
  const auto asked = process(w, paying_with("pm_card_authenticationRequired"));
  const auto first = field(asked.body, "paymentIntentId");
  REQUIRE(w.mock.control(R"({"fail_authentication":")" + first + "\"}"));
  if (GENERATE(false, true))
    w.lose_power();
  SECTION("and is told so until then") {
    // The same request again: the payment has failed, and its secret is of no use any more.
    const auto failed = process(w, paying_with("pm_card_authenticationRequired"));
    CHECK(failed.status == 200);
    CHECK(field(failed.body, "status") == "payment_failed");
    CHECK(field(failed.body, "message") == "Payment failed: payment_intent_authentication_failure");
    CHECK_FALSE(w.mock.control(R"({"authenticate":")" + first + "\"}"));
    REQUIRE(w.run());
    const auto before = w.requests().size();
    CHECK(process(w, paying_with("pm_card_authenticationRequired")).body == failed.body);
    CHECK(w.requests().size() == before);
  }
  // With another method at once a new attempt, once the old one is closed.
  const auto paid = process(w, paying_with("pm_card_visa"));
  CHECK(field(paid.body, "status") == "confirmed");
  CHECK(field(paid.body, "paymentIntentId") != first);
  REQUIRE(w.run());
  CHECK(requests(w, "POST /stripe/v1/payment_intents/" + first + "/cancel").size() == 1);
  CHECK(w.effects("1", effect_kind::charge) == 1);
  CHECK(field(w.order("1").body, "status") == "confirmed");
  CHECK(w.effects("1", effect_kind::message) == 3); // New, failed, confirmed.
}

TEST_CASE("a payment that was cancelled at Stripe has failed, and another can be made",
          "[orders][payment]") {
  world w;
  const auto asked = process(w, paying_with("pm_card_authenticationRequired"));
  const auto first = field(asked.body, "paymentIntentId");
  // As someone would in Stripe's dashboard.
  providers::mock::mock_request cancel;
  cancel.method = "POST";
  cancel.target = "/stripe/v1/payment_intents/" + first + "/cancel";
  cancel.headers = {{"authorization", "Bearer sk_test_mock"}};
  CHECK(w.mock.handle(cancel, w.time.wall_ms()).response.status == 200);
  const auto failed = process(w, paying_with("pm_card_authenticationRequired"));
  CHECK(field(failed.body, "status") == "payment_failed");
  CHECK(field(failed.body, "message") == "Payment failed: the payment was cancelled");
  CHECK(field(process(w, R"("retry":true)").body, "status") == "confirmed");
}

TEST_CASE("a label that comes late does not hold the order up", "[orders][label]") {
  auto w = std::make_unique<world>(with_faults(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"latency","latency_ms":25000})"));
  const auto began = w->time.wall_ms();
  const auto a = process(*w);
  CHECK(w->time.wall_ms() - began >= 10'000);
  CHECK(w->time.wall_ms() - began < 13'000);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "message") == "Order processed successfully");
  CHECK(field(a.body, "trackingNumber") == "null");
  CHECK(field(a.body, "pending") == R"(["label"])");
  CHECK(field(w->order("1").body, "pending") == R"(["label"])");
  // A repeated order is answered at once.
  const auto asked_again = w->time.wall_ms();
  CHECK(field(process(*w).body, "pending") == R"(["label"])");
  CHECK(w->time.wall_ms() - asked_again < 1'000);

  REQUIRE(w->run());
  CHECK(w->time.wall_ms() - began < 40'000);
  const auto shown = w->order("1").body;
  CHECK(field(shown, "pending") == "[]");
  CHECK(field(shown, "trackingNumber") != "null");
  CHECK(field(process(*w).body, "trackingNumber") == field(shown, "trackingNumber"));
  REQUIRE(w->run());
  const auto problems = problems_of(*w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("a label in doubt is resolved by look-up while the order is confirmed",
          "[orders][label]") {
  world w(with_faults(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})"));
  const auto a = process(w);
  CHECK(field(a.body, "pending") == R"(["label"])");
  CHECK(field(w.order("1").body, "in_doubt").find(R"("step":"label")") != std::string::npos);
  REQUIRE(w.run());
  CHECK(field(w.order("1").body, "in_doubt") == "[]");
  CHECK(field(w.order("1").body, "pending") == "[]");
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("a refused label is tried again with new rates until it is bought", "[orders][label]") {
  world w(with_faults(R"({"vendor":"shippo","operation":"label","nth":1,"times":3,)"
                      R"("effect":"refuse","text":"The carrier is closed."})"));
  const auto began = w.time.wall_ms();
  const auto a = process(w);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "trackingNumber") == "null");
  CHECK(field(a.body, "pending") == R"(["label"])");
  CHECK(field(a.body, "attention").find("The carrier is closed.") != std::string::npos);
  CHECK(w.effects("1", effect_kind::refund) == 0);

  REQUIRE(w.run());
  // Pauses of one, two and four minutes.
  CHECK(w.time.wall_ms() - began >= 7 * 60'000);
  CHECK(w.time.wall_ms() - began < 8 * 60'000);
  CHECK(w.mock.requests(call_id::shippo_label) == 4);
  CHECK(w.mock.requests(call_id::shippo_shipment) == 4);
  const auto shown = w.order("1").body;
  CHECK(field(shown, "status") == "confirmed");
  CHECK(field(shown, "trackingNumber") != "null");
  CHECK(field(shown, "pending") == "[]");
  CHECK(field(shown, "attention") == "[]");
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("a label that may have been bought is not bought again where nobody is to look",
          "[orders][label]") {
  auto s = with_faults(R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_after"})");
  const bool is_undone = GENERATE(false, true);
  CAPTURE(is_undone);
  s.orders.compensate_on_label_failure = is_undone;
  s.doubt["shippo.buy_label"].policy = providers::doubt_policy::may_miss;
  world w(s);
  process(w);
  REQUIRE(w.run());
  const auto shown = w.order("1").body;
  CHECK(field(shown, "status") == (is_undone ? "cancelled" : "confirmed"));
  CHECK(field(shown, "pending") == (is_undone ? "[]" : R"(["label"])"));
  const auto calls_for = [&](const std::string& step) {
    const auto attention = field(w.order("1").body, "attention");
    return attention.find(R"("step":")" + step + '"') != std::string::npos &&
           attention.find("it may have happened") != std::string::npos;
  };
  CHECK(calls_for(is_undone ? "void_label" : "label"));
  CHECK(w.effects("1", effect_kind::label) == 1);
  CHECK(w.mock.requests(call_id::shippo_label) == 1);
  CHECK(w.mock.requests(call_id::shippo_shipment) == 1);
  // Cancelled, it may have a label that nobody can give back but by hand.
  w.call(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run());
  CHECK(field(w.order("1").body, "status") == "cancelled");
  CHECK(calls_for("void_label"));
  CHECK(w.mock.requests(call_id::shippo_label) == 1);
}

TEST_CASE("a charge that may have been made is not made again where nobody is to look",
          "[orders][payment]") {
  const std::string effect = GENERATE("drop_after", "drop_before");
  CAPTURE(effect);
  auto s =
      with_faults(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":")" + effect + "\"}");
  s.doubt["stripe.charge"].policy = providers::doubt_policy::may_miss;
  world w(s);
  const auto a = w.call(order_object("1"), "ProcessOrder", order_body());
  const auto is_made = w.effects("1", effect_kind::charge);
  CHECK(is_made == (effect == "drop_after" ? 1 : 0));
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "pending");
  CHECK(field(a.body, "message") ==
        "Whether the payment was made is not known; a person was called");
  const auto calls_for_charge = [&] {
    return field(w.order("1").body, "attention").find(R"("step":"charge")") != std::string::npos;
  };
  CHECK(calls_for_charge());

  // As it was, and in no other way.
  CHECK(field(w.call(order_object("1"), "ProcessOrder", order_body()).body, "status") == "pending");
  for (const char* again : {R"("retry":true)", R"("payment":{"method":"pm_card_mastercard"})",
                            R"("payment":{"method":"pm_card_visa"},"retry":true)"}) {
    CAPTURE(again);
    const auto refused = w.call(order_object("1"), "ProcessOrder", order_body(again));
    CHECK(refused.status == 409);
    CHECK(refused.body.starts_with("Order 1 may be charged, and nobody knows: nothing is charged"));
  }
  CHECK(w.mock.requests(call_id::stripe_charge) == 1);

  // Cancelled, it may be charged still.
  const auto cancelled = w.call(order_object("1"), "CancelOrder", {});
  CHECK(field(cancelled.body, "status") == "cancelled");
  CHECK(field(cancelled.body, "message") ==
        "Order cancelled; some of it needs a person's attention");
  REQUIRE(w.run());
  CHECK(calls_for_charge());
  CHECK(w.mock.requests(call_id::stripe_charge) == 1);
  CHECK(w.effects("1", effect_kind::label) == 0);
  CHECK(w.live().empty());
}

TEST_CASE("an address that no carrier serves stays for a person, and the pauses grow to an hour",
          "[orders][label]") {
  world w;
  auto body = order_body();
  body.replace(body.find("62701"), 5, "00000");
  const auto a = w.call(order_object("1"), "ProcessOrder", body);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "pending") == R"(["label"])");
  CHECK(field(a.body, "attention").find("no rates") != std::string::npos);
  CHECK_FALSE(w.run(24LL * 3'600'000)); // It never ends by itself.
  const auto tries = w.mock.requests(call_id::shippo_shipment);
  CHECK(tries >= 24);
  CHECK(tries <= 32);
  CHECK(w.effects("1", effect_kind::refund) == 0);
  // A person gives it up.
  const auto cancelled = w.call(order_object("1"), "CancelOrder", {});
  CHECK(field(cancelled.body, "status") == "cancelled");
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {.status = "cancelled", .charged = false});
  INFO(joined(problems));
  CHECK(problems.empty());
}

TEST_CASE("where the shop wants it so, a refused label undoes the order", "[orders][label]") {
  auto s = with_faults(
      R"({"vendor":"shippo","operation":"label","always":true,"effect":"refuse","text":"no"})");
  s.orders.compensate_on_label_failure = true;
  SECTION("while the shop waits") {
    world w(s);
    const auto a = process(w);
    CHECK(a.status == 409);
    REQUIRE(w.run());
    CHECK(problems_of(w, "1", {.status = "cancelled", .charged = false}).empty());
    CHECK(w.mock.requests(call_id::shippo_label) == 1);
  }
  SECTION("after the shop's patience has ended") {
    s.mock.faults[0].latency_ms = 15'000;
    world w(s);
    const auto a = process(w);
    CHECK(a.status == 200);
    CHECK(field(a.body, "pending") == R"(["label"])");
    REQUIRE(w.run());
    const auto problems = problems_of(w, "1", {.status = "cancelled", .charged = false});
    INFO(joined(problems));
    CHECK(problems.empty());
  }
}

TEST_CASE("notices that fail do not fail the order, and it says so", "[orders][notices]") {
  auto s = with_faults(R"([{"vendor":"sendgrid","always":true,"effect":"refuse","text":"no"},)"
                       R"({"vendor":"slack","operation":"message","always":true,)"
                       R"("effect":"refuse","code":"channel_not_found"}])");
  world w(s);
  const auto a = process(w);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "message") == "Order processed successfully");
  REQUIRE(w.run());
  const auto notices = field(w.order("1").body, "notices");
  CHECK(field(notices, "mail_confirm").starts_with("failed: "));
  CHECK(field(notices, "announce_confirmed").starts_with("failed: "));
  // Who was not told is a matter for a person.
  const auto attention = field(w.order("1").body, "attention");
  CHECK(attention.find("mail_confirm") != std::string::npos);
  CHECK(attention.find("announce_confirmed") != std::string::npos);
  CHECK(attention.find("announce_new") != std::string::npos);
  CHECK(*s.orders.attention_count == 3);
  CHECK(field(w.order("1").body, "pending") == "[]");
  CHECK(w.live().empty());
}

TEST_CASE("slow notices are waited for two seconds and recorded later", "[orders][notices]") {
  for (const char* vendor : {"sendgrid", "slack"}) {
    CAPTURE(vendor);
    world w(with_faults((std::string(R"({"vendor":")") + vendor +
                         R"(","always":true,"effect":"latency","latency_ms":8000})")
                            .c_str()));
    const auto began = w.time.wall_ms();
    const auto a = process(w);
    CHECK(w.time.wall_ms() - began >= 2'000);
    CHECK(w.time.wall_ms() - began < 4'000);
    CHECK(field(a.body, "status") == "confirmed");
    CHECK(field(a.body, "pending") == R"(["notices"])");
    REQUIRE(w.run());
    CHECK(field(w.order("1").body, "pending") == "[]");
    CHECK(field(w.order("1").body, "notices") ==
          R"({"announce_confirmed":"sent","announce_new":"sent","mail_confirm":"sent"})");
    CHECK(problems_of(w, "1", {}).empty());
  }
}

TEST_CASE("each failed attempt is announced, also where an announcement's answer was lost",
          "[orders][notices]") {
  // The second announcement is cut before the work: the first one's message must not stand for it.
  world w(
      with_faults(R"({"vendor":"slack","operation":"message","nth":3,"effect":"drop_before"})"));
  CHECK(field(process(w, paying_with("pm_card_chargeDeclined")).body, "status") ==
        "payment_failed");
  CHECK(field(process(w, paying_with("pm_card_chargeDeclinedFraudulent")).body, "status") ==
        "payment_failed");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::message, "announce_new") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_failed") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_failed_2") == 1);
}

TEST_CASE("a charge that is refused for our own fault is a matter for a person, until one succeeds",
          "[orders][payment]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"status",)"
                      R"("status":400})"));
  const auto a = process(w);
  CHECK(field(a.body, "status") == "payment_failed");
  CHECK(field(w.order("1").body, "attention").find(R"("step":"charge")") != std::string::npos);
  CHECK(field(process(w, R"("retry":true)").body, "status") == "confirmed");
  CHECK(field(w.order("1").body, "attention") == "[]");
}

TEST_CASE("vendors that are not configured are not called", "[orders][notices]") {
  world_settings s;
  s.orders.mail = false;
  s.orders.slack = false;
  world w(s);
  CHECK(field(process(w).body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(requests(w, "POST /sendgrid").empty());
  CHECK(requests(w, "POST /slack").empty());
  CHECK(field(w.order("1").body, "notices").empty());
}

TEST_CASE("an order's vendors are asked with its metadata and its own parcel", "[orders]") {
  world w;
  const auto a =
      process(w, R"("currency":"jpy","parcel":{"length":1,"width":2,"height":3,"weight":4})");
  CHECK(field(a.body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::charge, "charge") == 1);
  CHECK(w.effects("1", effect_kind::label, "label") == 1);
  CHECK(field(w.order("1").body, "currency") == "jpy");
}

} // namespace orderhub::testing
