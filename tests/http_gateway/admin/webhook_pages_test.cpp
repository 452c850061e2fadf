// What an operator sees of webhooks, and does about them, over the wire.
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

namespace orderhub::testing {

using handlers::receipt;
using nlohmann::json;

namespace {

world_settings listening(std::string_view control = "[]") {
  auto s = with_faults(control);
  s.orders.payment_events = s.orders.label_events = s.orders.mail_events = true;
  return s;
}

json page(const admin_hub& hub, const std::string& target, const char* schema) {
  const auto r = hub.ask(target);
  INFO(r.body);
  REQUIRE(r.status == 200);
  const auto problems = schema_problems(admin_openapi(), schema, r.body);
  INFO(joined(problems));
  CHECK(problems.empty());
  return json::parse(r.body);
}

json acted(const admin_hub& hub, const std::string& target, const std::string& body,
           int status = 202) {
  const auto r = hub.act(target, body);
  INFO(r.body);
  REQUIRE(r.status == status);
  CHECK(schema_problems(admin_openapi(), "webhook_action", r.body).empty());
  return json::parse(r.body);
}

receipt skipped(const admin_hub& hub, const std::string& vendor, const std::string& id) {
  receipt r;
  r.vendor = vendor;
  r.what.id = id;
  r.what.type = "customer.created";
  r.received_at = hub.hub.time.wall_ms();
  r.headers = {{"content-type", "application/json"}};
  r.body = R"({"email":"ada@example.com"})";
  return r;
}

std::set<std::string> ids(const json& list) {
  std::set<std::string> all;
  for (const auto& w : list["webhooks"])
    all.insert(w["id"].get<std::string>());
  return all;
}

constexpr const char* why = R"({"reason":"case 8812"})";

} // namespace

TEST_CASE("events are listed by filters, a page at a time, without what they carried",
          "[admin][webhooks]") {
  admin_hub hub(listening());
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(60'000);
  event_sender door(hub.hub);
  for (const char* id : {"evt_1", "evt_2", "evt_3"})
    REQUIRE(door.deliver(skipped(hub, "stripe", id)) == 202);
  auto swept = skipped(hub, "shippo", "t1");
  swept.is_swept = true;
  REQUIRE(door.deliver(swept) == 202);
  auto paid_event = door.payment(event_kind::payment_succeeded, "evt_paid");
  paid_event.received_at = hub.hub.time.wall_ms();
  REQUIRE(door.deliver(paid_event) == 202);
  hub.hub.run(60'000);

  CHECK(ids(page(hub, "/admin/webhooks", "webhooks")).size() == 5);
  const auto stripe = page(hub, "/admin/webhooks?vendor=stripe&limit=3", "webhooks");
  CHECK(stripe["webhooks"].size() == 3);
  CHECK(stripe["complete"] == true); // There is more; this page is whole.
  const auto next = stripe["next"].get<std::string>();
  CHECK(page(hub, "/admin/webhooks?vendor=stripe&limit=3&cursor=" + next, "webhooks")["webhooks"]
            .size() == 1);
  CHECK(hub.ask("/admin/webhooks?vendor=shippo&cursor=" + next).status == 400); // Another list's.
  CHECK(ids(page(hub, "/admin/webhooks?swept=true", "webhooks")) ==
        std::set<std::string>{"shippo:t1"});
  CHECK(
      ids(page(hub, "/admin/webhooks?verdict=skipped&type=customer.created", "webhooks")).size() ==
      4);
  const std::set<std::string> paid{"stripe:evt_paid"};
  CHECK(ids(page(hub, "/admin/webhooks?order=1", "webhooks")) == paid);
  const auto of_order = page(hub, "/admin/orders/1/webhooks", "webhooks");
  CHECK(ids(of_order) == paid);
  CHECK(of_order["webhooks"][0]["matched_by"] == "metadata");
  CHECK(of_order["webhooks"][0]["verdict"] == "unchanged");
  CHECK(ids(page(hub, "/admin/webhooks?until=1971-01-01T00:00:00Z", "webhooks")).empty());
  CHECK(ids(page(hub, "/admin/webhooks?since=1971-01-01T00:00:00Z", "webhooks")).size() == 5);
  CHECK(hub.ask("/admin/webhooks?since=yesterday").status == 400);

  for (const char* target : {"/admin/webhooks", "/admin/webhooks/stripe:evt_1"})
    CHECK(hub.ask(target).body.find("ada@") == std::string::npos);
  const auto one = page(hub, "/admin/webhooks/stripe:evt_1", "webhook");
  CHECK(one["headers"][0]["name"] == "content-type");
  CHECK(one["body_bytes"] == 27);
  const auto body = page(hub, "/admin/webhooks/stripe%3Aevt_1/body", "webhook_body");
  CHECK(body["text"] == R"({"email":"ada@example.com"})");
  CHECK(json::parse(hub.ask("/admin/webhooks/stripe:evt_9").body)["reason"] == "no_such_webhook");
  CHECK(hub.ask("/admin/webhooks/stripe:evt_9/body").status == 404);
}

TEST_CASE("an order that is erased takes the bodies of its events along",
          "[admin][webhooks][erase]") {
  admin_hub hub(listening());
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(60'000);
  event_sender door(hub.hub);
  auto paid = door.payment(event_kind::payment_succeeded, "evt_paid");
  paid.received_at = hub.hub.time.wall_ms();
  paid.headers = {{"content-type", "application/json"}};
  paid.body = R"({"email":"ada@example.com"})";
  REQUIRE(door.deliver(paid) == 202);
  REQUIRE(door.deliver(skipped(hub, "stripe", "evt_1")) == 202); // Of no order.
  REQUIRE(hub.hub.run());
  const auto body = [&](const char* id) {
    return page(hub, "/admin/webhooks/stripe:" + std::string(id) + "/body", "webhook_body")["text"];
  };
  REQUIRE(body("evt_paid") == paid.body);
  const auto folded_before = GENERATE(false, true);
  if (folded_before)
    hub.hub.fold();
  const auto r = hub.act("/admin/orders/1/erase", why);
  INFO(r.body);
  REQUIRE(r.status == 202);
  for (int look = 0; look < 2; ++look) {
    CHECK(body("evt_paid").is_null());
    CHECK(body("evt_1") == R"({"email":"ada@example.com"})");
    const auto one = page(hub, "/admin/webhooks/stripe:evt_paid", "webhook");
    CHECK(one["order"] == "1");
    CHECK(one["type"] == paid.what.type);
    hub.hub.fold();
  }
  for (const auto t : {journal::table::ob, journal::table::iv})
    for (const auto& [key, value] : hub.hub.store.contents(t)) {
      CAPTURE(key);
      CHECK((key.find("evt_1") != std::string::npos || key.find("stripe:") == std::string::npos ||
             value.find("ada@") == std::string::npos));
    }
}

TEST_CASE("a refused delivery is shown with what a person needs, and no body",
          "[admin][webhooks]") {
  admin_hub hub;
  using providers::webhooks::refusal;
  hub.webhooks.refused({1'000,
                        "stripe",
                        refusal::wrong,
                        "matches the test-mode secret",
                        12,
                        "ab",
                        "application/json",
                        "127.0.0.1",
                        {"stripe-signature"},
                        2,
                        400});
  hub.webhooks.refused({2'000, "github", refusal::no_signature, "", 3});
  const auto all = page(hub, "/admin/webhooks/refused", "refused_webhooks")["refused"];
  REQUIRE(all.size() == 2);
  CHECK(all[0]["vendor"] == "github");
  CHECK(all[0]["skew_ms"].is_null());
  CHECK(all[1]["hint"] == "matches the test-mode secret");
  CHECK(all[1]["skew_ms"] == 400);
  CHECK(all[1]["secrets_tried"] == 2);
  CHECK(all[1]["header_names"] == json{"stripe-signature"});
  CHECK(page(hub, "/admin/webhooks/refused?vendor=stripe", "refused_webhooks")["refused"].size() ==
        1);
}

TEST_CASE("a dead letter is tied to an order by a person, who is named there for ever",
          "[admin][webhooks]") {
  admin_hub hub(listening());
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  event_sender door(hub.hub);
  auto lost = door.tracking(event_kind::in_transit, "track_1");
  lost.what.vendor_ids = {"somebody's number"};
  lost.what.reference = field(hub.hub.order("1").body, "trackingNumber");
  REQUIRE(door.deliver(lost) == 202);
  hub.hub.run(60'000);
  const auto dead = page(hub, "/admin/webhooks?verdict=unmatched", "webhooks")["webhooks"];
  REQUIRE(dead.size() == 1);
  CHECK(dead[0]["text"].is_string()); // Why.
  CHECK(dead[0]["order"].is_null());
  const auto target = "/admin/webhooks/" + dead[0]["id"].get<std::string>();

  const auto facts = hub.hub.order("1").body;
  const std::string body = R"({"reason":"case 8812","order":"1"})";
  const auto tried = acted(hub, target + "/assign?dry_run=true", body, 200);
  CHECK(tried["plan"]["target"] == "OrderOrchestrator/1");
  CHECK(tried["plan"]["becomes"] == "applied");
  const auto changes = tried["plan"]["changes"];
  const auto shipment = std::find_if(changes.begin(), changes.end(),
                                     [](const json& c) { return c["fact"] == "shipment"; });
  REQUIRE(shipment != changes.end());
  CHECK((*shipment)["before"] == "label");
  CHECK((*shipment)["after"] == "in_transit");
  CHECK(hub.hub.order("1").body == facts);

  CHECK(acted(hub, target + "/assign", body)["plan"] == tried["plan"]);
  hub.hub.run(60'000);
  const auto now = page(hub, target, "webhook");
  CHECK(now["verdict"] == "applied");
  CHECK(now["order"] == "1");
  CHECK(now["matched_by"] == "operator");
  CHECK(now["assigned"]["by"] == "loopback");
  CHECK(now["assigned"]["reason"] == "case 8812");
  CHECK(field(hub.hub.order("1").body, "status") == "in_transit");
  // Whoever looks at the order's own record of it sees who said so.
  const auto said = page(hub, "/admin/orders/1/audit", "order_audit")["actions"];
  REQUIRE(said.size() == 1);
  CHECK(said[0]["action"] == "assign");
  CHECK(said[0]["target"] == now["id"]);
  CHECK(said[0]["evidence"] == "order=1");
  CHECK(said[0]["reason"] == "case 8812");
  CHECK(ids(page(hub, "/admin/orders/1/webhooks", "webhooks")) ==
        std::set<std::string>{now["id"].get<std::string>()});

  // Once more: nothing changes, and it stays the order's.
  const auto again = acted(hub, target + "/replay?dry_run=true", why, 200);
  CHECK(again["plan"]["becomes"] == "unchanged");
  CHECK(again["plan"]["changes"].empty());
  const auto after = hub.hub.order("1").body;
  acted(hub, target + "/replay", why);
  hub.hub.run(60'000);
  CHECK(hub.hub.order("1").body == after);
  const auto replayed = page(hub, target, "webhook");
  CHECK(replayed["replays"] == 1);
  CHECK(replayed["order"] == "1");
}

TEST_CASE("what cannot be tied to an order is refused, and so is what is not there",
          "[admin][webhooks]") {
  admin_hub hub;
  REQUIRE(event_sender(hub.hub).deliver(skipped(hub, "stripe", "evt_1")) == 202);
  const auto reason = [&](const std::string& path, const std::string& body) {
    const auto r = hub.act("/admin/webhooks/" + path, body);
    INFO(r.body);
    CHECK(schema_problems(admin_openapi(), "problem", r.body).empty());
    return json::parse(r.body)["reason"].get<std::string>();
  };
  CHECK(reason("stripe:evt_1/assign", R"({"reason":"case 8812","order":"1"})") == "no_such_order");
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  CHECK(reason("stripe:evt_1/assign", R"({"reason":"case 8812","order":"1"})") == "not_possible");
  CHECK(reason("stripe:evt_1/assign", why) == "invalid_body");
  CHECK(reason("stripe:evt_2/replay", why) == "no_such_webhook");
  CHECK(acted(hub, "/admin/webhooks/stripe:evt_1/replay", why)["effect"] == "accepted");
}

} // namespace orderhub::testing
