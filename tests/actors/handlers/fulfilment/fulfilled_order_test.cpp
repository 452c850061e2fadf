#include "actors/handlers/orders/order_event.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>
#include <string_view>

// An order and its fulfilment share one reference: what each may do to the other.
namespace orderhub::testing {

namespace {

using handlers::dispute_state;
using handlers::order_event;
using handlers::payment_state;
using providers::mock::effect_kind;

const object_id fulfilment{"FulfillmentOrchestrator", "f-1"};
constexpr std::int64_t hour_ms = 3'600'000;
constexpr const char* wanted =
    R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2},{"productId":"sku-2",)"
    R"("quantity":1}],"shipping":{"name":"Ada Lovelace","street":"1 Main St",)"
    R"("city":"Springfield","state":"IL","zip":"62701"}})";

world_settings settings(std::int64_t job_ms = 5'000) {
  world_settings s;
  s.orders.stock = s.orders.warehouse = s.orders.carrier = true;
  s.orders.packed_timeout_ms = s.orders.pickup_timeout_ms = 2 * hour_ms;
  s.mock.job_ms = job_ms;
  return s;
}
constexpr std::int64_t never_ms = 1'000 * hour_ms;

void process(world& w) {
  REQUIRE(field(w.call(order_object("1"), "ProcessOrder", order_body()).body, "status") ==
          "confirmed");
}

std::string order_field(world& w, const char* name) {
  return field(w.order("1").body, name);
}

std::string stock_of_order(world& w) {
  return field(order_field(w, "stock"), "state");
}

std::size_t kept(const world& w) {
  return w.effects("1", effect_kind::reservation) - w.effects("1", effect_kind::stock_release);
}

/// Something comes from outside of the hub.
void hear(world& w, void (*what)(order_event&)) {
  order_event event;
  event.name = "from_outside";
  what(event);
  CHECK(w.inform(order_object("1"), "RecordEvent", event.encode()).status == 200);
}
void all_refunded(order_event& e) {
  handlers::payment_fact payment;
  payment.state = payment_state::refunded;
  e.learned.payments.push_back(payment);
}
void disputed(order_event& e) {
  e.learned.dispute = dispute_state::open;
}
void dispute_lost(order_event& e) {
  e.learned.dispute = dispute_state::lost;
}
void in_transit(order_event& e) {
  e.learned.shipment = handlers::shipment_state::in_transit;
}

void wait_for_ticket(world& w) {
  REQUIRE(w.run_until([](world& now) {
    return field(now.read(fulfilment, "GetStatus").body, "status") == "picking" &&
           now.effects("1", effect_kind::pick_ticket) == 1;
  }));
}

} // namespace

TEST_CASE("a fulfilment takes over the stock of its order, which is then in transit",
          "[fulfilment][orders]") {
  world w(settings());
  process(w);
  const auto a = w.call(fulfilment, "Fulfill", wanted);
  CHECK(field(a.body, "status") == "shipped");
  CHECK(field(field(a.body, "stock"), "state") == "of_the_order");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::reservation) == 1);
  CHECK(w.effects("1", effect_kind::stock_commit) == 1);
  CHECK(order_field(w, "status") == "in_transit");
  CHECK(field(order_field(w, "notices"), "mail_shipped") == "sent"); // To the order's customer.
  CHECK(w.call(order_object("1"), "CancelOrder", "").status == 409);
  const auto second = w.call({"FulfillmentOrchestrator", "f-2"}, "Fulfill", wanted);
  CHECK(second.status == 409);
  CHECK(second.body == "Order 1 has the fulfilment f-1; it has one at a time.");
}

TEST_CASE("that a parcel is on its way is told once, whoever says so first",
          "[fulfilment][orders][notices]") {
  auto s = settings();
  s.orders.sms = true;
  world w(s);
  const auto told = [&](const char* step) {
    return field(field(w.read(fulfilment, "GetStatus").body, "notices"), step);
  };
  SECTION("Shippo, of the label") {
    process(w);
    const auto run = w.ask(fulfilment, "Fulfill", wanted);
    wait_for_ticket(w);
    hear(w, &in_transit);
    CHECK(field(w.wait_for(run).body, "status") == "shipped");
    for (const char* step : {"mail_shipped", "announce_shipped", "sms_shipped"})
      CHECK(told(step) == "skipped: the order has told it");
  }
  SECTION("the carrier of the fulfilment") {
    process(w);
    CHECK(field(w.call(fulfilment, "Fulfill", wanted).body, "status") == "shipped");
    hear(w, &in_transit);
    CHECK(told("mail_shipped") == "sent");
    CHECK(told("announce_shipped") == "sent");
  }
  SECTION("the carrier, of an order that this hub does not know yet") {
    auto to = std::string(wanted);
    to.insert(to.find(R"("street")"), R"("email":"ada@example.com",)");
    CHECK(field(w.call(fulfilment, "Fulfill", to).body, "status") == "shipped");
    process(w);
    hear(w, &in_transit);
    CHECK(told("mail_shipped") == "sent");
  }
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_shipped") == 1);
  CHECK(order_field(w, "status") == "in_transit");
  CHECK(w.live().empty());
}

TEST_CASE("that the parcel of a disputed order has left is for the shop",
          "[fulfilment][orders][notices]") {
  world w(settings(9'000));
  process(w);
  const auto run = w.ask(fulfilment, "Fulfill", wanted);
  REQUIRE(w.run_until([](world& now) {
    const auto shown = now.read(fulfilment, "GetStatus").body;
    return field(field(shown, "pickup"), "state") == "open";
  }));
  // The carrier has fetched it, and was not asked since.
  REQUIRE(w.run_until(
      [begun = w.time.true_ms()](world& now) { return now.time.true_ms() - begun > 9'500; }));
  REQUIRE(order_field(w, "status") == "confirmed");
  hear(w, &disputed);
  CHECK(field(w.wait_for(run).body, "status") == "shipped");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == 0);
  CHECK(w.effects("1", effect_kind::message, "announce_shipped") == 1);
  const auto notices = field(w.read(fulfilment, "GetStatus").body, "notices");
  CHECK(field(notices, "mail_shipped") == "skipped: the order is not to be shipped");
  CHECK(field(notices, "announce_shipped") == "sent");
  CHECK(w.live().empty());
}

TEST_CASE("a fulfilment that fails leaves the order its goods", "[fulfilment][orders]") {
  world w(settings(never_ms));
  process(w);
  const auto run = w.ask(fulfilment, "Fulfill", wanted);
  wait_for_ticket(w);
  const auto other = w.call({"FulfillmentOrchestrator", "f-2"}, "Fulfill", wanted);
  CHECK(other.status == 409);
  CHECK(other.body == "Order 1 has the fulfilment f-1; it has one at a time.");
  CHECK(field(w.wait_for(run).body, "status") == "timed_out");
  REQUIRE(w.run());
  CHECK(kept(w) == 1);
  CHECK(stock_of_order(w) == "committed");
  CHECK(order_field(w, "status") == "confirmed");
  // And another one may try.
  w.ask({"FulfillmentOrchestrator", "f-2"}, "Fulfill", wanted);
  REQUIRE(w.run_until([](world& now) { return now.effects("1", effect_kind::pick_ticket) == 2; }));
}

TEST_CASE("an order that may not ship is not fulfilled", "[fulfilment][orders]") {
  world w(settings());
  const auto refused = [&] {
    const auto a = w.call(fulfilment, "Fulfill", wanted);
    CHECK(a.status == 409);
    REQUIRE(w.run());
    CHECK(w.effects("1", effect_kind::pick_ticket) == 0);
    CHECK(kept(w) <= 1);
    return a.body;
  };
  SECTION("declined, and then paid") {
    w.call(order_object("1"), "ProcessOrder",
           order_body(R"("payment":{"method":"pm_card_chargeDeclined"})"));
    CHECK(refused() == "Order 1 is payment_failed; only an order that is paid is fulfilled.");
    w.call(order_object("1"), "ProcessOrder", order_body(R"("payment":{"method":"pm_card_visa"})"));
    CHECK(field(w.call(fulfilment, "Fulfill", wanted).body, "status") == "shipped");
  }
  SECTION("cancelled") {
    process(w);
    CHECK(w.call(order_object("1"), "CancelOrder", "").status == 200);
    CHECK(refused() == "Order 1 is cancelled and is not fulfilled.");
  }
  SECTION("disputed") {
    process(w);
    hear(w, &disputed);
    CHECK(refused() == "Order 1 is disputed and is not fulfilled.");
  }
}

TEST_CASE("a cancelled order stops its fulfilment, and its goods are free",
          "[fulfilment][orders][cancel]") {
  world w(settings(never_ms));
  process(w);
  const auto run = w.ask(fulfilment, "Fulfill", wanted);
  wait_for_ticket(w);
  const auto a = w.call(order_object("1"), "CancelOrder", "");
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(w.wait_for(run).status == 409);
  REQUIRE(w.run());
  CHECK(w.live().empty());
  CHECK(kept(w) == 0);
  CHECK(w.effects("1", effect_kind::pick_cancel) == 1);
  CHECK(field(w.read(fulfilment, "GetStatus").body, "status") == "cancelled");
  CHECK(stock_of_order(w) == "released");
}

TEST_CASE("a refund of all of it from outside frees the goods that were sold",
          "[fulfilment][orders][stock]") {
  world w(settings(never_ms));
  process(w);
  SECTION("nobody fulfils it") {
    hear(w, &all_refunded);
    REQUIRE(w.run());
    CHECK(kept(w) == 0);
    CHECK(stock_of_order(w) == "released");
    CHECK(order_field(w, "status") == "refunded");
    CHECK(order_field(w, "attention") == "[]");
  }
  SECTION("it is being fulfilled") {
    const auto run = w.ask(fulfilment, "Fulfill", wanted);
    wait_for_ticket(w);
    hear(w, &all_refunded);
    CHECK(w.wait_for(run).status == 409);
    REQUIRE(w.run());
    CHECK(kept(w) == 0);
    CHECK(w.effects("1", effect_kind::pick_cancel) == 1);
  }
  SECTION("the parcel has left") {
    hear(w, &in_transit);
    hear(w, &all_refunded);
    REQUIRE(w.run());
    CHECK(kept(w) == 1);
    CHECK(stock_of_order(w) == "committed");
  }
  SECTION("by RefundOrder") {
    CHECK(w.call(order_object("1"), "RefundOrder", R"({"refundId":"r-1"})").status == 200);
    REQUIRE(w.run());
    CHECK(kept(w) == 0);
    CHECK(stock_of_order(w) == "released");
  }
  SECTION("a part of it by RefundOrder") {
    CHECK(w.call(order_object("1"), "RefundOrder", R"({"refundId":"r-1","amount":100})").status ==
          200);
    REQUIRE(w.run());
    CHECK(kept(w) == 1);
  }
  CHECK(w.live().empty());
}

TEST_CASE("a dispute stops the fulfilment, and frees the goods once it is lost",
          "[fulfilment][orders][stock]") {
  world w(settings(never_ms));
  process(w);
  const auto run = w.ask(fulfilment, "Fulfill", wanted);
  wait_for_ticket(w);
  hear(w, &disputed);
  CHECK(w.wait_for(run).status == 409);
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::pick_cancel) == 1);
  CHECK(kept(w) == 1);
  CHECK(stock_of_order(w) == "committed");
  hear(w, &dispute_lost);
  REQUIRE(w.run());
  CHECK(kept(w) == 0);
  CHECK(stock_of_order(w) == "released");
  CHECK(w.live().empty());
}

TEST_CASE("a refund that comes while the order is processed frees what it sells",
          "[orders][stock]") {
  world w(settings());
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([](world& now) { return now.calling("inventory", "/commit"); }));
  hear(w, &all_refunded);
  REQUIRE(w.run());
  CHECK(kept(w) == 0);
  CHECK(w.effects("1", effect_kind::label) == w.effects("1", effect_kind::label_refund));
  CHECK(w.live().empty());
}

} // namespace orderhub::testing
