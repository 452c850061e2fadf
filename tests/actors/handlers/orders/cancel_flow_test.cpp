#include "actors/handlers/orders/order_facts.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

world::answer cancel(world& w) {
  return w.call(order_object("1"), "CancelOrder", {});
}

/// What must hold of every order that was cancelled.
void check_compensated(world& w) {
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {.status = "cancelled", .charged = false});
  INFO(joined(problems));
  CHECK(problems.empty());
}

} // namespace

TEST_CASE("a cancelled order gives the money and the label back and tells the customer",
          "[orders][cancel]") {
  world w;
  const auto processed = w.call(order_object("1"), "ProcessOrder", order_body());
  const auto a = cancel(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "orderId") == "1");
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "message") == "Order cancelled");
  CHECK(field(a.body, "refundId").starts_with("re_"));
  CHECK(field(a.body, "chargeId") == field(processed.body, "chargeId"));
  check_compensated(w);
  CHECK(w.effects("1", effect_kind::refund) == 1);
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
  CHECK(field(w.order("1").body, "refundId") == field(a.body, "refundId"));

  // Again, also after a loss of power: the same, and nothing happens.
  const auto requests = w.requests().size();
  CHECK(cancel(w).body == a.body);
  w.lose_power();
  CHECK(cancel(w).body == a.body);
  // And the order does not come back.
  const auto again = w.call(order_object("1"), "ProcessOrder", order_body(R"("retry":true)"));
  CHECK(again.status == 409);
  REQUIRE(w.run());
  CHECK(w.requests().size() == requests);
  CHECK(field(w.order("1").body, "status") == "cancelled");
}

// woocommerce-payments#8210.
TEST_CASE("what others refunded a part of is refunded to the end", "[orders][cancel]") {
  world w;
  const auto processed = w.call(order_object("1"), "ProcessOrder", order_body());
  // As someone would in Stripe's dashboard.
  providers::mock::mock_request part;
  part.method = "POST";
  part.target = "/stripe/v1/refunds";
  part.headers = {{"authorization", "Bearer sk_test_mock"},
                  {"content-type", "application/x-www-form-urlencoded"}};
  part.body = "amount=1000&payment_intent=" + field(processed.body, "paymentIntentId");
  REQUIRE(w.mock.handle(part, w.time.wall_ms()).response.status == 200);
  const auto a = cancel(w);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "message") == "Order cancelled");
  CHECK(cancel(w).body == a.body);
  REQUIRE(w.run());
  std::int64_t refunded = 0;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::refund)
      refunded += e.amount;
  CHECK(refunded == 4250);
  CHECK(field(w.order("1").body, "attention") == "[]");
}

TEST_CASE("an order that nobody sent cannot be cancelled", "[orders][cancel]") {
  world w;
  const auto a = cancel(w);
  CHECK(a.status == 404);
  CHECK(a.body == "There is no order 1.");
  CHECK(w.order("1").status == 404);
  // And can be sent later.
  CHECK(field(w.call(order_object("1"), "ProcessOrder", order_body()).body, "status") ==
        "confirmed");
}

TEST_CASE("who waits for an order that is cancelled is answered 409 with its state",
          "[orders][cancel]") {
  struct stage {
    const char* name;
    bool (*reached)(world&);
  };
  const stage stages[] = {
      {"the charge is in flight",
       [](world& w) { return w.calling("stripe", "/v1/payment_intents"); }},
      {"rates are asked for", [](world& w) { return w.calling("shippo", "/shipments"); }},
      {"the label is being bought", [](world& w) { return w.calling("shippo", "/transactions"); }},
      {"the notices are on their way", [](world& w) { return w.calling("sendgrid", "/"); }},
  };
  for (const auto& s : stages) {
    CAPTURE(s.name);
    world w;
    const auto order = w.ask(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(w.run_until(s.reached));
    const auto a = cancel(w);
    CHECK(a.status == 200);
    CHECK(field(a.body, "status") == "cancelled");
    CHECK(field(a.body, "message") == "Order cancelled");
    REQUIRE(w.run());
    REQUIRE(w.of(order).heard);
    // The notices may have been told in the moment of the cancel.
    if (w.of(order).heard->status != 200) {
      CHECK(w.of(order).heard->status == 409);
      CHECK(w.of(order).heard->body ==
            "Order 1 was cancelled while it was processed; it is now cancelled.");
    }
    check_compensated(w);
  }
}

// A wait that long is noted in the journal: also after a loss of power nothing is in doubt.
TEST_CASE("an order that waits for a retry is cancelled without another try", "[orders][cancel]") {
  for (const bool loses_power : {false, true}) {
    CAPTURE(loses_power);
    world w(
        with_faults(R"({"vendor":"stripe","operation":"charge","always":true,"effect":"status",)"
                    R"("status":429,"headers":{"retry-after":"30"}})"));
    const auto order = w.ask(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(w.run_until([](world& now) {
      return now.mock.requests(call_id::stripe_charge) == 1 && !now.calling("stripe", "/");
    }));
    REQUIRE_FALSE(w.run(2'000));
    if (loses_power)
      w.lose_power();
    const auto began = w.time.wall_ms();
    const auto a = cancel(w);
    CHECK(field(a.body, "status") == "cancelled");
    CHECK(field(a.body, "refundId") == "null");
    CHECK(w.time.wall_ms() - began < 1'000);
    check_compensated(w);
    CHECK(w.of(order).heard->status == 409);
    CHECK(w.mock.requests(call_id::stripe_charge) == 1);
    CHECK(w.effects("1", effect_kind::charge) == 0);
  }
}

TEST_CASE("what stops a shipment again does not stop its label from being voided",
          "[orders][cancel]") {
  world w(with_faults(R"({"vendor":"shippo","operation":"label_refund","nth":1,"effect":"status",)"
                      R"("status":429,"headers":{"retry-after":"30"}})"));
  w.call(order_object("1"), "ProcessOrder", order_body());
  const auto asked = w.ask(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run_until([](world& now) {
    return now.mock.requests(call_id::shippo_label_refund) == 1 && !now.calling("shippo", "/");
  }));
  w.inform({"Shipment", "1"}, "CancelPurchase", {});
  check_compensated(w);
  REQUIRE(w.of(asked).heard);
  CHECK(field(w.of(asked).heard->body, "message") == "Order cancelled");
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
}

TEST_CASE("a cancel waits for a label under way, and its answer names it", "[orders][cancel]") {
  world w(with_faults(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"latency","latency_ms":25000})"));
  const auto processed = w.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(processed.body.find(R"("trackingNumber":null)") != std::string::npos);
  const auto a = cancel(w);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(a.body.find(R"("labelId":null)") == std::string::npos);
  CHECK(cancel(w).body == a.body);
  check_compensated(w);
  CHECK(cancel(w).body == a.body);
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
}

TEST_CASE("a charge in doubt is resolved first, then given back", "[orders][cancel]") {
  for (const char* effect : {"drop_after", "late_work", "stored_500_done", "garbage"}) {
    CAPTURE(effect);
    world w(
        with_faults((std::string(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":")") +
                     effect + "\"}")
                        .c_str()));
    w.submit(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(w.run_until([](world& now) {
      return field(now.order("1").body, "in_doubt").find("charge") != std::string::npos;
    }));
    CHECK(field(cancel(w).body, "status") == "cancelled");
    check_compensated(w);
    CHECK(w.effects("1", effect_kind::charge) == 1);
    CHECK(w.effects("1", effect_kind::refund) == 1);
  }
}

TEST_CASE("a refund that may have been made is asked for again under its own key",
          "[orders][cancel]") {
  auto s = with_faults(R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"drop_after"})");
  s.doubt["stripe.refund"].policy = providers::doubt_policy::may_miss;
  world w(s);
  w.call(order_object("1"), "ProcessOrder", order_body());
  CHECK(field(cancel(w).body, "status") == "cancelled");
  CHECK(field(w.order("1").body, "attention").find(R"("step":"refund")") != std::string::npos);
  CHECK(field(cancel(w).body, "refundId").starts_with("re_"));
  CHECK(w.mock.replays(call_id::stripe_refund) == 1);
  CHECK(w.effects("1", effect_kind::refund) == 1);
  check_compensated(w);
}

TEST_CASE("a charge that is proven not to have happened is not made by a cancel",
          "[orders][cancel]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"stored_500"})"));
  w.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([](world& now) {
    return field(now.order("1").body, "in_doubt").find("charge") != std::string::npos;
  }));
  CHECK(field(cancel(w).body, "status") == "cancelled");
  check_compensated(w);
  CHECK(w.effects("1", effect_kind::charge) == w.effects("1", effect_kind::refund));
}

TEST_CASE("a declined order can be cancelled, and nothing is given back", "[orders][cancel]") {
  world w;
  w.call(order_object("1"), "ProcessOrder",
         order_body(R"("payment":{"method":"pm_card_chargeDeclined"})"));
  const auto a = cancel(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "refundId") == "null");
  check_compensated(w);
  CHECK(w.mock.requests(call_id::stripe_refund) == 0);
  CHECK(w.mock.requests(call_id::stripe_cancel) == 0);
}

TEST_CASE("a payment that waits for the customer is cancelled at the vendor", "[orders][cancel]") {
  world w;
  const auto asked = w.call(order_object("1"), "ProcessOrder",
                            order_body(R"("payment":{"method":"pm_card_authenticationRequired"})"));
  SECTION("before the customer authenticates") {
    CHECK(field(cancel(w).body, "status") == "cancelled");
    check_compensated(w);
    CHECK(w.effects("1", effect_kind::cancel_intent) == 1);
    CHECK(w.effects("1", effect_kind::charge) == 0);
    // Too late for the customer.
    CHECK_FALSE(
        w.mock.control(R"({"authenticate":")" + field(asked.body, "paymentIntentId") + "\"}"));
  }
  SECTION("after the customer did, and nobody had told the order") {
    REQUIRE(w.mock.control(R"({"authenticate":")" + field(asked.body, "paymentIntentId") + "\"}"));
    const auto a = cancel(w);
    CHECK(field(a.body, "status") == "cancelled");
    CHECK(field(a.body, "refundId").starts_with("re_"));
    check_compensated(w);
    CHECK(w.effects("1", effect_kind::refund) == 1);
  }
}

TEST_CASE("a refund that is refused leaves the order cancelled, for a person to resolve",
          "[orders][cancel]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"refund","always":true,"effect":"refuse",)"
                      R"("code":"charge_disputed","text":"no"})"));
  w.call(order_object("1"), "ProcessOrder", order_body());
  const auto a = cancel(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "message") == "Order cancelled; some of it needs a person's attention");
  CHECK(field(a.body, "attention").find(R"("step":"refund")") != std::string::npos);
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::refund) == 0);
  // The rest of the undo went on.
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
  CHECK(w.effects("1", effect_kind::mail, "mail_cancelled") == 1);
  CHECK(field(w.order("1").body, "attention") == field(a.body, "attention"));
  CHECK(field(w.order("1").body, "status") == "cancelled");
  // Asking again takes up what is open, under a key of its own, and tells nobody twice.
  const auto tries = w.mock.requests(call_id::stripe_refund);
  const auto b = cancel(w);
  CHECK(field(b.body, "attention") == field(a.body, "attention"));
  CHECK(w.mock.requests(call_id::stripe_refund) == tries + 1);
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::mail, "mail_cancelled") == 1);
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
}

TEST_CASE("a refund that stayed open is made by a second cancel", "[orders][cancel]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"refuse",)"
                      R"("code":"charge_disputed","text":"no"})"));
  w.call(order_object("1"), "ProcessOrder", order_body());
  CHECK(field(cancel(w).body, "attention").find(R"("step":"refund")") != std::string::npos);
  const auto b = cancel(w);
  CHECK(b.status == 200);
  CHECK(field(b.body, "message") == "Order cancelled");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::refund) == 1);
  CHECK(w.effects("1", effect_kind::mail, "mail_cancelled_2") == 1);
  const auto c = cancel(w);
  CHECK(field(c.body, "refundId") == field(b.body, "refundId"));
  CHECK(w.effects("1", effect_kind::refund) == 1);
}

TEST_CASE("a cancelled order waits for no other try of its refused label", "[orders][cancel]") {
  world w(with_faults(
      R"({"vendor":"shippo","operation":"label","always":true,"effect":"refuse","text":"no"})"));
  w.call(order_object("1"), "ProcessOrder", order_body());
  const auto waiting = [&] { return field(w.order("1").body, "waiting"); };
  REQUIRE(waiting().find(R"("step":"label")") != std::string::npos);
  CHECK(field(cancel(w).body, "status") == "cancelled");
  w.run(30'000); // It was to be tried again after a minute.
  CHECK(waiting() == "[]");
  CHECK(w.live().empty());
  CHECK(w.mock.requests(call_id::shippo_label) == 1);
}

TEST_CASE("a label that is not taken back leaves the order cancelled, for a person to resolve",
          "[orders][cancel]") {
  world w(with_faults(
      R"({"vendor":"shippo","operation":"label_refund","always":true,"effect":"refuse"})"));
  w.call(order_object("1"), "ProcessOrder", order_body());
  const auto a = cancel(w);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "attention").find(R"("step":"void_label")") != std::string::npos);
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::refund) == 1);
}

TEST_CASE("a refund is retried until the vendor has decided", "[orders][cancel]") {
  world w(with_faults(R"({"vendor":"stripe","operation":"refund","nth":1,"times":8,)"
                      R"("effect":"status","status":503})"));
  w.call(order_object("1"), "ProcessOrder", order_body());
  const auto number = w.ask(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run_until([](world& now) { return now.mock.requests(call_id::stripe_refund) == 4; }));
  CHECK(field(w.order("1").body, "status") == "cancelling");
  CHECK(field(w.wait_for(number).body, "status") == "cancelled");
  check_compensated(w);
  CHECK(w.effects("1", effect_kind::refund) == 1);
}

TEST_CASE("what is on its way or delivered can no longer be cancelled", "[orders][cancel]") {
  for (const auto& [state, name] : {std::pair(handlers::shipment_state::in_transit, "in_transit"),
                                    std::pair(handlers::shipment_state::delivered, "delivered")}) {
    CAPTURE(name);
    world w;
    w.call(order_object("1"), "ProcessOrder", order_body());
    handlers::order_facts f;
    f.shipment = state;
    CHECK(w.inform(order_object("1"), "RecordLabel", f.encode()).status == 200);
    const auto a = cancel(w);
    CHECK(a.status == 409);
    CHECK(a.body == std::string("Order 1 is ") + name + " and can no longer be cancelled.");
    CHECK(field(w.order("1").body, "status") == name);
    REQUIRE(w.run());
    CHECK(w.effects("1", effect_kind::refund) == 0);
  }
}

TEST_CASE("many customers' cancels of one order are one cancel", "[orders][cancel]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    world_settings s;
    s.seed = seed;
    world w(s);
    w.submit(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(w.run_until([&](world& now) {
      return now.points().size() >= 5 + 3 * seed && now.order("1").status == 200;
    }));
    std::vector<std::size_t> asked;
    for (int i = 0; i < 3; ++i)
      asked.push_back(w.ask(order_object("1"), "CancelOrder", {}));
    check_compensated(w);
    for (const auto number : asked) {
      CHECK(w.of(number).heard->status == 200);
      CHECK(w.of(number).heard->body == w.of(asked[0]).heard->body);
    }
  }
}

TEST_CASE("internal handlers are not reachable from outside", "[orders]") {
  world w;
  for (const auto& [service, handler] :
       {std::pair("OrderOrchestrator", "CompensateOrder"),
        std::pair("OrderOrchestrator", "RecordLabel"),
        std::pair("OrderOrchestrator", "RecordDeliveries"), std::pair("Shipment", "BuyLabel"),
        std::pair("Shipment", "VoidLabel"), std::pair("Shipment", "CancelPurchase"),
        std::pair("Shipment", "ChangeDelivery"), std::pair("Shipment", "ReportLabelOutcome"),
        std::pair("Notification", "Send"), std::pair("CustomProvider", "Call"),
        std::pair("OrderOrchestrator", "TellProviders"),
        std::pair("OrderOrchestrator", "GiveExtraBack"), std::pair("Shipment", "VoidExtraLabel")}) {
    CAPTURE(service, handler);
    CHECK(w.call({service, "1"}, handler, {}).status == 404);
  }
}

} // namespace orderhub::testing
