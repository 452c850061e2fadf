#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>
#include <string_view>

// From the shelf to the carrier, and what is left where it does not come so far.
namespace orderhub::testing {

namespace {

using handlers::fulfilment_facts;
using handlers::job_stand;
using providers::mock::call_id;
using providers::mock::effect_kind;

const object_id fulfilment{"FulfillmentOrchestrator", "f-1"};
constexpr std::int64_t hour_ms = 3'600'000;

world_settings all_services(std::string_view control = {}) {
  world_settings s = control.empty() ? world_settings() : with_faults(control);
  s.orders.stock = s.orders.warehouse = s.orders.carrier = true;
  s.orders.packed_timeout_ms = s.orders.pickup_timeout_ms = 2 * hour_ms;
  return s;
}

/// Nobody packs or fetches by himself.
world_settings nobody_moves() {
  auto s = all_services();
  s.mock.job_ms = 1'000 * hour_ms;
  return s;
}

std::string body_of(const std::string& order, const std::string& quantity = "2",
                    const std::string& extra = {}) {
  return R"({"orderId":")" + order + R"(","items":[{"productId":"sku-1","quantity":)" + quantity +
         R"(},{"productId":"sku-2","quantity":1}],"shipping":{"name":"Ada Lovelace",)" +
         R"("street":"1 Main St","city":"Springfield","state":"IL","zip":"62701",)" +
         R"("email":"ada@example.com"})" + extra + "}";
}

world::answer fulfil(world& w, const std::string& extra = {}) {
  return w.call(fulfilment, "Fulfill", body_of("1", "2", extra));
}

std::string status(const world& w) {
  return w.read(fulfilment, "GetStatus").body;
}

std::string part(const world& w, const char* of, const char* name = "state") {
  return field(field(status(w), of), name);
}

struct ledger {
  std::size_t kept, sold, tickets, tickets_off, pickups, pickups_off;
};
ledger left(const world& w) {
  const auto n = [&](effect_kind kind) { return w.effects("1", kind); };
  return {n(effect_kind::reservation) - n(effect_kind::stock_release),
          n(effect_kind::stock_commit),
          n(effect_kind::pick_ticket),
          n(effect_kind::pick_cancel),
          n(effect_kind::pickup),
          n(effect_kind::pickup_cancel)};
}

void check_shipped(world& w) {
  REQUIRE(w.run());
  CHECK(w.live().empty());
  const auto l = left(w);
  CHECK(l.kept == 1);
  CHECK(l.sold == 1);
  CHECK(l.tickets == 1);
  CHECK(l.tickets_off == 0);
  CHECK(l.pickups == 1);
  CHECK(l.pickups_off == 0);
  CHECK(field(status(w), "status") == "shipped");
  CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_shipped") == 1);
}

void check_undone(world& w, const std::string& as, std::size_t failed_tickets = 0,
                  std::size_t failed_pickups = 0) {
  REQUIRE(w.run());
  CHECK(w.live().empty());
  const auto l = left(w);
  CHECK(l.kept == 0);
  CHECK(l.tickets == l.tickets_off + failed_tickets);
  CHECK(l.pickups == l.pickups_off + failed_pickups);
  CHECK(field(status(w), "status") == as);
  CHECK(field(status(w), "waiting") == "[]");
  CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == 0);
}

/// Until that part of it is open, and the id by which it may be said to be done.
std::string awaited(world& w, const char* which) {
  REQUIRE(w.run_until([&](const world& now) { return part(now, which) == "open"; }));
  return part(w, which, "awakeable");
}

} // namespace

TEST_CASE("goods are reserved, packed and picked up, and the customer is told", "[fulfilment]") {
  world w(all_services());
  const auto a = fulfil(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "shipped");
  CHECK(field(a.body, "fulfillmentId") == "f-1");
  CHECK(field(a.body, "orderId") == "1");
  CHECK(field(a.body, "trackingNumber").starts_with("PU"));
  CHECK(field(a.body, "attention") == "[]");
  CHECK(part(w, "stock") == "committed");
  CHECK(part(w, "pickTicket") == "packed");
  CHECK(part(w, "pickup") == "picked_up");
  CHECK(field(field(a.body, "notices"), "mail_shipped") == "sent");
  CHECK(field(field(a.body, "notices"), "sms_shipped") == "skipped: not configured");
  check_shipped(w);

  // Again: the same, and nobody is asked.
  const auto asked = w.requests().size();
  CHECK(fulfil(w).body == a.body);
  CHECK(w.requests().size() == asked);
  // Of something else: refused.
  const auto other = w.call(fulfilment, "Fulfill", body_of("1", "3"));
  CHECK(other.status == 409);
  CHECK(other.body ==
        "Fulfilment f-1 is of other items. Cancel it, or send this under another key.");
  CHECK(w.call(fulfilment, "CancelFulfillment", "").status == 409);
  check_shipped(w);
}

TEST_CASE("whoever packs and fetches may say so by an awakeable", "[fulfilment]") {
  world w(nobody_moves());
  const auto run = w.ask(fulfilment, "Fulfill", body_of("1"));
  const auto packed = awaited(w, "pickTicket");
  CHECK(field(status(w), "status") == "picking");
  bool was_given = false;
  for (const auto& body : w.bodies())
    was_given = was_given || field(field(body, "metadata"), "awakeable") == packed;
  CHECK(was_given);
  CHECK(w.resolve(packed, "null"));
  const auto picked_up = awaited(w, "pickup");
  CHECK(part(w, "pickTicket") == "packed");
  CHECK(part(w, "pickTicket", "awakeable").empty());
  CHECK(field(status(w), "status") == "awaiting_pickup");
  CHECK(w.resolve(picked_up,
                  R"({"trackingNumber":"ZX-77","trackingUrl":"https://t.example/ZX-77"})"));
  const auto a = w.wait_for(run);
  CHECK(field(a.body, "status") == "shipped");
  CHECK(field(a.body, "trackingNumber") == "ZX-77");
  check_shipped(w);
}

TEST_CASE("whoever cannot pack or fetch rejects the awakeable, and all is undone", "[fulfilment]") {
  const auto at = GENERATE(as<std::string>(), "pickTicket", "pickup");
  CAPTURE(at);
  auto s = nobody_moves();
  world w(s);
  const auto run = w.ask(fulfilment, "Fulfill", body_of("1"));
  auto word = awaited(w, "pickTicket");
  if (at == "pickup") {
    CHECK(w.resolve(word, ""));
    word = awaited(w, "pickup");
  }
  CHECK(w.resolve(word, fail({error_kind::rejected, "awakeable", "it is broken", 500})));
  const auto a = w.wait_for(run);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "failed");
  CHECK(field(a.body, "message").ends_with(": it is broken"));
  check_undone(w, "failed");
}

TEST_CASE("an event of a service says that it is done, or not", "[fulfilment]") {
  world w(nobody_moves());
  CHECK(w.inform(fulfilment, "RecordEvent", fulfilment_facts().encode()).status == 404);
  CHECK(w.inform(order_object("1"), "RecordFulfilment", fulfilment_facts().encode()).status == 404);
  const auto run = w.ask(fulfilment, "Fulfill", body_of("1"));
  awaited(w, "pickTicket");
  fulfilment_facts packed;
  packed.ticket.stand = job_stand::done;
  packed.pickup.stand = job_stand::done; // Of a pickup that nobody asked for.
  CHECK(w.inform(fulfilment, "RecordEvent", packed.encode()).status == 200);
  awaited(w, "pickup");

  SECTION("picked up") {
    fulfilment_facts news;
    news.pickup.stand = job_stand::done;
    news.tracking_number = "ZX-1";
    // By a webhook that knows the order only.
    CHECK(w.inform(order_object("1"), "RecordFulfilment", news.encode()).status == 200);
    CHECK(field(w.wait_for(run).body, "status") == "shipped");
    check_shipped(w);
  }
  SECTION("not fetched") {
    fulfilment_facts news;
    news.pickup.stand = job_stand::failed;
    news.pickup.reason = "nobody was there";
    CHECK(w.inform(fulfilment, "RecordEvent", news.encode()).status == 200);
    CHECK(field(w.wait_for(run).body, "message") ==
          "Undone: the carrier has not picked up the parcel: nobody was there");
    check_undone(w, "failed");
  }
}

TEST_CASE("what a service gives up ends the fulfilment, and is tried again when asked for",
          "[fulfilment]") {
  const auto which = GENERATE(as<std::string>(), "fail_pick_ticket", "fail_pickup");
  CAPTURE(which);
  const bool is_ticket = which == "fail_pick_ticket";
  world w(all_services());
  w.when(
      [&](world& now) {
        return now.effects("1", is_ticket ? effect_kind::pick_ticket : effect_kind::pickup) == 1;
      },
      [&](world& now) { REQUIRE(now.mock.control("{\"" + which + "\":\"1\"}")); });
  const auto a = fulfil(w);
  CHECK(field(a.body, "status") == "failed");
  check_undone(w, "failed", is_ticket ? 1 : 0, is_ticket ? 0 : 1);
  CHECK(fulfil(w).body == a.body);

  const auto again = fulfil(w, R"(,"retry":true)");
  CHECK(field(again.body, "status") == "shipped");
  REQUIRE(w.run());
  CHECK(left(w).kept == 1);
  CHECK(left(w).tickets == 2);
}

TEST_CASE("what takes too long is undone", "[fulfilment]") {
  const bool packs = GENERATE(false, true);
  CAPTURE(packs);
  world w(nobody_moves());
  const auto run = w.ask(fulfilment, "Fulfill", body_of("1"));
  const auto begun = w.time.true_ms();
  const auto word = awaited(w, "pickTicket");
  if (packs)
    CHECK(w.resolve(word, ""));
  const auto a = w.wait_for(run);
  CHECK(field(a.body, "status") == "timed_out");
  CHECK(w.time.true_ms() - begun >= 2 * hour_ms);
  check_undone(w, "timed_out");
  CHECK(w.mock.requests(call_id::warehouse_read) < 30);
}

TEST_CASE("a fulfilment is cancelled at any time before the parcel has left",
          "[fulfilment][cancel]") {
  CHECK(world(all_services()).call(fulfilment, "CancelFulfillment", "").status == 404);
  const auto at = GENERATE(as<std::string>(), "pickTicket", "pickup");
  CAPTURE(at);
  world w(nobody_moves());
  const auto run = w.ask(fulfilment, "Fulfill", body_of("1"));
  const auto word = awaited(w, "pickTicket");
  if (at == "pickup") {
    CHECK(w.resolve(word, ""));
    awaited(w, "pickup");
  }
  const auto a = w.call(fulfilment, "CancelFulfillment", "");
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(w.wait_for(run).status == 409);
  check_undone(w, "cancelled");
  CHECK(w.call(fulfilment, "CancelFulfillment", "").body == a.body);
  CHECK(fulfil(w, R"(,"retry":true)").status == 409);
  // Its order is free for another one.
  CHECK(w.read({"FulfillmentOrchestrator", "f-2"}, "GetStatus").status == 404);
  w.ask({"FulfillmentOrchestrator", "f-2"}, "Fulfill", body_of("1"));
  REQUIRE(w.run_until([](world& now) { return left(now).tickets == 2; }));
}

TEST_CASE("a cancel that comes too late for the carrier finds the parcel gone",
          "[fulfilment][cancel]") {
  auto s = all_services();
  s.mock.job_ms = 9'000;
  world w(s);
  const auto run = w.ask(fulfilment, "Fulfill", body_of("1"));
  awaited(w, "pickup");
  // It was picked up by now, and nobody has said so yet.
  REQUIRE(w.run_until(
      [begun = w.time.true_ms()](world& now) { return now.time.true_ms() - begun > 9'500; }));
  REQUIRE(part(w, "pickup") == "open");
  const auto a = w.call(fulfilment, "CancelFulfillment", "");
  CHECK(a.status == 409);
  CHECK(a.body == "The parcel of fulfilment f-1 has left; it can no longer be cancelled.");
  CHECK(field(w.wait_for(run).body, "status") == "shipped");
  check_shipped(w);
}

TEST_CASE("a fulfilment that is short of stock is refused with its lines", "[fulfilment][stock]") {
  world w(all_services());
  REQUIRE(w.mock.control(R"({"stock":{"sku-1":1}})"));
  const auto a = fulfil(w);
  CHECK(a.status == 409);
  CHECK(a.body == "Fulfilment f-1 is out of stock: sku-1 (2 wanted, 1 there). Nothing is held; it "
                  "can be sent again.");
  check_undone(w, "out_of_stock");
  CHECK(w.mock.requests(call_id::warehouse_pick_ticket) == 0);
  REQUIRE(w.mock.control(R"({"stock":{"sku-1":2}})"));
  CHECK(field(fulfil(w).body, "status") == "shipped");
}

TEST_CASE("what is refused for good is a person's", "[fulfilment]") {
  const auto [vendor, operation, step] = GENERATE(
      table<std::string, std::string, std::string>({{"inventory", "reserve", "reserve_stock"},
                                                    {"warehouse", "pick_ticket", "pick_ticket"},
                                                    {"carrier", "pickup", "pickup"}}));
  CAPTURE(vendor);
  world w(all_services(R"({"vendor":")" + vendor + R"(","operation":")" + operation +
                       R"(","nth":1,"effect":"refuse","code":"reference_in_use"})"));
  const auto a = fulfil(w);
  CHECK(field(a.body, "status") == "failed");
  check_undone(w, "failed");
  CHECK(field(status(w), "attention") ==
        R"([{"reason":"409: reference_in_use","step":")" + step + R"("}])");
}

TEST_CASE("what may have been done is undone where nobody is to look", "[fulfilment]") {
  const auto [vendor, operation, name, step] =
      GENERATE(table<std::string, std::string, std::string, std::string>(
          {{"inventory", "reserve", "inventory.reserve", "reserve_stock"},
           {"warehouse", "pick_ticket", "warehouse.create_pick_ticket", "pick_ticket"},
           {"carrier", "pickup", "carrier.request_pickup", "pickup"}}));
  CAPTURE(vendor);
  auto s = all_services(R"({"vendor":")" + vendor + R"(","operation":")" + operation +
                        R"(","nth":1,"effect":"drop_after"})");
  s.doubt[name].policy = providers::doubt_policy::may_miss;
  world w(s);
  CHECK(field(fulfil(w).body, "status") == "failed");
  check_undone(w, "failed");
  const auto l = left(w);
  CHECK(w.effects("1", effect_kind::reservation) == 1);
  CHECK(l.tickets == (vendor == "inventory" ? 0 : 1));
  CHECK(l.pickups == (vendor == "carrier" ? 1 : 0));
  const auto attention = field(status(w), "attention");
  CHECK(attention.find(R"("step":")" + step + '"') != std::string::npos);
  CHECK(attention.find("it may have happened") != std::string::npos);
}

TEST_CASE("an undoing that is refused is a person's, and tried again with the next cancel",
          "[fulfilment][cancel]") {
  auto s = all_services(
      R"({"vendor":"warehouse","operation":"cancel","nth":1,"times":2,"effect":"refuse",)"
      R"("code":"too_late"})");
  s.mock.job_ms = 1'000 * hour_ms;
  world w(s);
  w.ask(fulfilment, "Fulfill", body_of("1"));
  awaited(w, "pickTicket");
  const auto a = w.call(fulfilment, "CancelFulfillment", "");
  CHECK(field(a.body, "message") == "Fulfilment cancelled; some of it needs a person's attention");
  CHECK(field(a.body, "attention") ==
        R"([{"reason":"409: too_late","step":"cancel_pick_ticket"}])");
  const auto again = w.call(fulfilment, "CancelFulfillment", "");
  CHECK(field(again.body, "message") == "Fulfilment cancelled");
  CHECK(field(again.body, "attention") == "[]");
  check_undone(w, "cancelled");
}

TEST_CASE("steps of services that are not configured are skipped, and the status says so",
          "[fulfilment]") {
  auto s = all_services();
  SECTION("no inventory") {
    s.orders.stock = false;
    world w(s);
    CHECK(field(fulfil(w).body, "status") == "shipped");
    CHECK(part(w, "stock") == "skipped");
    CHECK(w.effects("1", effect_kind::reservation) == 0);
  }
  SECTION("no warehouse") {
    s.orders.warehouse = false;
    world w(s);
    CHECK(field(fulfil(w).body, "status") == "shipped");
    CHECK(part(w, "pickTicket") == "skipped");
  }
  SECTION("no carrier") {
    s.orders.carrier = false;
    world w(s);
    const auto a = fulfil(w);
    CHECK(field(a.body, "status") == "packed");
    CHECK(field(a.body, "message") == "The goods are packed; no carrier is configured");
    CHECK(part(w, "pickup") == "skipped");
    REQUIRE(w.run());
    CHECK(w.effects("1", effect_kind::mail) == 0);
    // Nobody knows that it has left: it can be cancelled.
    CHECK(field(w.call(fulfilment, "CancelFulfillment", "").body, "status") == "cancelled");
    check_undone(w, "cancelled");
  }
  SECTION("neither") {
    s.orders.warehouse = s.orders.carrier = false;
    world w(s);
    const auto a = fulfil(w);
    CHECK(a.status == 200);
    CHECK(field(a.body, "status") == "skipped");
    CHECK(field(a.body, "message") ==
          "Nothing was done: neither a warehouse nor a carrier is configured");
    REQUIRE(w.run());
    CHECK(w.requests().empty());
  }
}

} // namespace orderhub::testing
