// What customer and shop hear of a parcel: once for each place it comes to.
#include "actors/handlers/orders/order_event.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>

namespace orderhub::testing {
namespace {

using handlers::order_event;
using handlers::shipment_state;
using providers::mock::effect_kind;

std::string event_of(shipment_state state) {
  order_event event;
  event.name = "parcel_moved";
  event.learned.shipment = state;
  return event.encode();
}

void moves(world& w, shipment_state state) {
  const auto a = w.inform(order_object("1"), "RecordEvent", event_of(state));
  CHECK(a.status == 200);
  REQUIRE(w.run());
}

void confirm(world& w) {
  w.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run());
}

std::size_t mails(const world& w, const std::string& step) {
  return w.effects("1", effect_kind::mail, step);
}
std::size_t messages(const world& w, const std::string& step) {
  return w.effects("1", effect_kind::message, step);
}

std::string notice(const world& w, const std::string& step) {
  return field(field(w.order("1").body, "notices"), step);
}

/// Of all requests' bodies, how many have both.
std::size_t sent(const world& w, const std::string& a, const std::string& b) {
  std::size_t count = 0;
  for (const auto& body : w.bodies())
    if (body.find(a) != std::string::npos && body.find(b) != std::string::npos)
      ++count;
  return count;
}

} // namespace

TEST_CASE("customer and shop hear that the parcel is on its way and that it was delivered, once",
          "[orders][notices][parcel]") {
  world w;
  confirm(w);
  for (int times = 0; times < 2; ++times)
    moves(w, shipment_state::in_transit);
  CHECK(field(w.order("1").body, "status") == "in_transit");
  for (int times = 0; times < 2; ++times)
    moves(w, shipment_state::delivered);
  moves(w, shipment_state::in_transit); // An event that comes late.
  CHECK(field(w.order("1").body, "status") == "delivered");
  for (const char* what : {"shipped", "delivered"}) {
    CAPTURE(what);
    CHECK(mails(w, std::string("mail_") + what) == 1);
    CHECK(messages(w, std::string("announce_") + what) == 1);
    CHECK(notice(w, std::string("mail_") + what) == "sent");
    CHECK(notice(w, std::string("announce_") + what) == "sent");
  }
  const auto number = field(w.order("1").body, "trackingNumber");
  CHECK(sent(w, "\"subject\":\"Order 1 is on its way\"", "Its tracking number is " + number) == 1);
  CHECK(sent(w, "\"subject\":\"Order 1 was delivered\"", "\"text/html\"") == 1);
  CHECK(sent(w, "C0DELIVERED", "Order 1 was delivered") == 1);
  CHECK(joined(problems_of(w, "1", {.status = "delivered"})) == "");
}

TEST_CASE("a parcel that was delivered before anybody saw it on its way is told as delivered",
          "[orders][notices][parcel]") {
  world w;
  confirm(w);
  moves(w, shipment_state::delivered);
  moves(w, shipment_state::in_transit);
  CHECK(mails(w, "mail_delivered") == 1);
  CHECK(mails(w, "mail_shipped") == 0);
  CHECK(messages(w, "announce_shipped") == 0);
}

TEST_CASE("that a parcel comes back is for the shop", "[orders][notices][parcel]") {
  world w;
  confirm(w);
  moves(w, shipment_state::in_transit);
  moves(w, shipment_state::returned);
  CHECK(mails(w, "mail_returned") == 0);
  CHECK(messages(w, "announce_returned") == 1);
}

TEST_CASE("the customer of a cancelled order hears of the cancel, and the shop of the parcel too",
          "[orders][notices][parcel]") {
  world w;
  confirm(w);
  w.call(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run());
  moves(w, shipment_state::in_transit);
  CHECK(mails(w, "mail_shipped") == 0);
  CHECK(messages(w, "announce_shipped") == 1);
  CHECK(sent(w, "C0CANCELLED", "Order 1 was cancelled") == 1);
}

TEST_CASE("a shop's templates make the mails, and a changed one none that is under way",
          "[orders][notices][parcel]") {
  auto s = with_faults(
      R"({"vendor":"sendgrid","operation":"mail","nth":2,"times":3,"effect":"status","status":503})");
  auto first = handlers::mail_templates::with({{"shipped.txt", "As of before: {{orderId}}"}});
  auto second = handlers::mail_templates::with(
      {{"shipped.txt", "As of now: {{orderId}}"}, {"delivered.txt", "As of now: {{orderId}}"}});
  REQUIRE(first);
  REQUIRE(second);
  s.orders.mails = *first;
  world w(s);
  confirm(w);
  w.tell(order_object("1"), "RecordEvent", event_of(shipment_state::in_transit));
  REQUIRE(w.run_until([](world& now) { return sent(now, "As of before: 1", "mail_shipped") > 0; }));
  auto after = s.orders;
  after.mails = *second;
  w.configure(after);
  w.lose_power();
  REQUIRE(w.run());
  moves(w, shipment_state::delivered);
  CHECK(sent(w, "As of now: 1", "mail_shipped") == 0);
  CHECK(sent(w, "As of now: 1", "mail_delivered") == 1);
  CHECK(mails(w, "mail_shipped") >= 1);
}

TEST_CASE("what a parcel's move makes is told wherever the machine loses power",
          "[orders][notices][parcel][crash]") {
  const auto clients = [](world& w) {
    w.submit(order_object("1"), "ProcessOrder", order_body());
    w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
           [](world& now) {
             now.tell(order_object("1"), "RecordEvent", event_of(shipment_state::in_transit));
           });
    w.when([](world& now) { return field(now.order("1").body, "status") == "in_transit"; },
           [](world& now) {
             now.tell(order_object("1"), "RecordEvent", event_of(shipment_state::delivered));
           });
  };
  std::uint64_t salt = 0;
  for (const auto seed : seeds(1, 2)) {
    world_settings s;
    s.seed = seed;
    const auto clean = run_order(s, clients, {.status = "delivered"});
    INFO("seed " << seed << '\n' << joined(clean.problems));
    REQUIRE(clean.problems.empty());
    for (const auto at : points_to_try(clean.points.size(), salt++)) {
      INFO("point " << at);
      s.crash_at = {at};
      world w(s);
      clients(w);
      REQUIRE(w.run());
      const auto problems = problems_of(w, "1", {.status = "delivered"});
      INFO(joined(problems));
      CHECK(problems.empty());
      for (const char* what : {"shipped", "delivered"}) {
        CHECK(mails(w, std::string("mail_") + what) >= 1); // It may repeat by its policy.
        CHECK(messages(w, std::string("announce_") + what) == 1);
        CHECK(notice(w, std::string("mail_") + what) == "sent");
      }
    }
  }
}

} // namespace orderhub::testing
