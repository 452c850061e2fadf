// Where an id that stands on a ticket leads, and what is shown there of what is no order.
#include "actors/handlers/webhooks/receipt.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

namespace orderhub::testing {

using handlers::receipt;
using nlohmann::json;

namespace {

world_settings with_all() {
  world_settings s;
  s.orders.stock = s.orders.warehouse = s.orders.carrier = true;
  s.orders.repository = "owner/shop";
  return s;
}

json page(const admin_hub& hub, const std::string& target, const char* schema) {
  const auto r = hub.ask(target);
  INFO(target << ": " << r.body);
  REQUIRE(r.status == 200);
  const auto problems = schema_problems(admin_openapi(), schema, r.body);
  INFO(joined(problems));
  CHECK(problems.empty());
  return json::parse(r.body);
}

using match = std::pair<std::string, std::string>; ///< Kind and key.

std::vector<match> found(const admin_hub& hub, const std::string& q) {
  std::vector<match> all;
  const auto answer = page(hub, "/admin/lookup?q=" + q, "lookup");
  for (const auto& m : answer["matches"])
    all.emplace_back(m["kind"], m["key"]);
  return all;
}

/// Of the order `1`, which nobody has sent.
void fulfil(admin_hub& hub, const std::string& key) {
  hub.hub.wait_for(
      hub.hub.ask({"FulfillmentOrchestrator", key}, "Fulfill",
                  R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2}],"shipping":{)"
                  R"("name":"Ada Lovelace","street":"1 Main St","city":"Springfield","state":"IL",)"
                  R"("zip":"62701","email":"ada@example.com"}})"));
  hub.hub.run(60'000);
}

void deploy(admin_hub& hub, const std::string& key, const std::string& order) {
  hub.hub.call({"DeploymentWorkflow", key}, "run",
               (order.empty() ? "{" : R"({"orderId":")" + order + R"(",)") +
                   R"("ref":"main","environment":"production"})");
  hub.hub.run(60'000);
}

std::string order_with_phone() {
  return R"({"items":[{"productId":"sku-1","quantity":2,"price":1500}],)"
         R"("customer":{"email":"ada@example.com","name":"Ada Lovelace","phone":"+14155550123"},)"
         R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})";
}

receipt payment_of(const admin_hub& hub, const std::string& id, const std::string& order) {
  receipt r;
  r.vendor = "stripe";
  r.what.kind = event_kind::payment_succeeded;
  r.what.type = "payment_intent.succeeded";
  r.what.id = id;
  r.what.about.order_id = order;
  r.received_at = hub.hub.time.wall_ms();
  return r;
}

} // namespace

TEST_CASE("a fulfilment of an order that nobody sent is shown as one", "[admin][lookup]") {
  const std::string key = GENERATE(as<std::string>(), "1", "f-1");
  CAPTURE(key);
  admin_hub hub(with_all());
  fulfil(hub, key);
  const auto one = page(hub, "/admin/orders/" + key, "order");
  CHECK(one["status"] == "shipped");
  CHECK(one["state"] == "done");
  CHECK(one["created_at"].is_string());
  CHECK_FALSE(one["invocations"].empty());
  CHECK(one["notices"]["mail_shipped"] == "sent");
  const auto told = hub.ask("/admin/orders/" + key + "/explain?format=text").body;
  CHECK(told.find("STUCK") == std::string::npos);
  CHECK(told.find("it is the fulfilment " + key + " of the order 1") != std::string::npos);
  CHECK_FALSE(page(hub, "/admin/orders/" + key + "/journal", "journal")["records"].empty());
  CHECK(page(hub, "/admin/orders?stuck=true", "orders")["orders"].empty());

  // By its key, its parcel, and what it asked the warehouse to tell it by.
  CHECK(found(hub, key) == std::vector<match>{{"fulfilment", key}});
  const auto number = one["tracking_number"].get<std::string>();
  CHECK(found(hub, number) == std::vector<match>{{"fulfilment", key}});
}

TEST_CASE("an awakeable leads to whoever waits for it", "[admin][lookup]") {
  auto s = with_all();
  s.mock.job_ms = 3'600'000;
  admin_hub hub(s);
  hub.hub.ask({"FulfillmentOrchestrator", "f-1"}, "Fulfill",
              R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2}],"shipping":{)"
              R"("name":"Ada Lovelace","street":"1 Main St","city":"Springfield","state":"IL",)"
              R"("zip":"62701"}})");
  hub.hub.run(60'000);
  const auto status = hub.hub.read({"FulfillmentOrchestrator", "f-1"}, "GetStatus").body;
  const auto id = field(field(status, "pickTicket"), "awakeable");
  REQUIRE(id.starts_with("sign_1"));
  CHECK(found(hub, id) == std::vector<match>{{"fulfilment", "f-1"}});
  CHECK(page(hub, "/admin/lookup?q=" + id, "lookup")["matches"][0]["matched"] == "awakeable");
}

TEST_CASE("a deployment is shown with the order that it names, and by itself", "[admin][lookup]") {
  admin_hub hub(with_all());
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  deploy(hub, "dep-1", "1");
  deploy(hub, "dep-2", "");
  const auto order = page(hub, "/admin/orders/1", "order");
  REQUIRE(order["deployments"].size() == 1);
  const auto& deployed = order["deployments"][0];
  CHECK(deployed["key"] == "dep-1");
  CHECK(deployed["status"] == "succeeded");
  CHECK(deployed["environment"] == "production");
  CHECK(found(hub, "dep-1") == std::vector<match>{{"deployment", "dep-1"}});
  CHECK(found(hub, deployed["github_id"].get<std::string>()) ==
        std::vector<match>{{"deployment", "dep-1"}});

  for (const char* key : {"dep-1", "dep-2"}) {
    const auto alone = page(hub, "/admin/orders/" + std::string(key), "order");
    CHECK(alone["status"] == "succeeded");
    CHECK(alone["state"] == "done");
    CHECK(alone["deployments"].size() == 1);
    CHECK_FALSE(alone["invocations"].empty());
    page(hub, "/admin/orders/" + std::string(key) + "/explain", "explanation");
  }
}

TEST_CASE("an event leads to its order, and to itself where there is none", "[admin][lookup]") {
  admin_hub hub(with_all());
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  event_sender door(hub.hub);
  REQUIRE(door.deliver(payment_of(hub, "evt_1", "1")) == 202);
  REQUIRE(door.deliver(payment_of(hub, "evt_2", "nobody-1")) == 202);
  auto dead = payment_of(hub, "evt_3", "");
  dead.what.vendor_ids = {"pi_unknown"};
  REQUIRE(door.deliver(dead) == 202);
  hub.hub.run(60'000);
  for (const char* vendor : {"", "stripe:"}) {
    const auto event = [&](const char* id) { return found(hub, std::string(vendor) + id); };
    CHECK(event("evt_1") == std::vector<match>{{"order", "1"}});
    CHECK(event("evt_2") == std::vector<match>{{"webhook", "stripe:evt_2"}});
    CHECK(event("evt_3") == std::vector<match>{{"webhook", "stripe:evt_3"}});
    const auto one = hub.ask("/admin/webhooks/" + std::string(vendor) + "evt_3");
    REQUIRE(one.status == 200);
    CHECK(json::parse(one.body)["id"] == "stripe:evt_3");
    CHECK(one.headers.contains("etag"));
  }
  CHECK(found(hub, "pi_unknown") == std::vector<match>{{"webhook", "stripe:evt_3"}});
  CHECK(hub.ask("/admin/webhooks/evt_4").status == 404);

  // Its version changes with what became of it.
  const auto etag = [&] { return hub.ask("/admin/webhooks/stripe:evt_3").headers.at("etag"); };
  const auto before = etag();
  CHECK(etag() == before);
  REQUIRE(hub.act("/admin/webhooks/evt_3/assign", R"({"reason":"case 8812","order":"1"})").status ==
          202);
  hub.hub.run(60'000);
  CHECK(etag() != before);
}

TEST_CASE("a mail is found by what SendGrid's events call it", "[admin][lookup]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(60'000);
  std::string message;
  const auto told = page(hub, "/admin/orders/1/explain", "explanation");
  for (const auto& step : told["steps"])
    if (step["name"] == "mail_confirm")
      message = step["attempts"].back()["vendor_request_id"].get<std::string>();
  REQUIRE_FALSE(message.empty());
  CHECK(found(hub, message) == std::vector<match>{{"order", "1"}});
  CHECK(found(hub, message + ".filter0001.16648.5515E0B88.0") ==
        std::vector<match>{{"order", "1"}});
}

TEST_CASE("a message is found by its ts and an SMS by its sid", "[admin][lookup]") {
  auto s = with_all();
  s.orders.sms = true;
  s.orders.sms_from = "+15005550006";
  admin_hub hub(s);
  hub.hub.call(order_object("1"), "ProcessOrder", order_with_phone());
  hub.hub.call(order_object("2"), "ProcessOrder", order_body());
  deploy(hub, "dep-1", "");
  hub.hub.run(60'000);
  const auto& done = hub.hub.mock.effects();
  std::size_t messages = 0, texts = 0;
  for (std::size_t i = 0; i < done.size(); ++i) {
    std::string shown;
    done.append_effect(shown, i);
    const auto effect = json::parse(shown);
    const auto id = effect["id"].get<std::string>();
    CAPTURE(shown);
    if (effect["kind"] == "sms") {
      ++texts;
      CHECK(found(hub, id) == std::vector<match>{{"order", "1"}});
    }
    if (effect["kind"] != "message")
      continue;
    ++messages;
    const auto key = effect["order_id"].get<std::string>();
    const std::vector<match> whose = {{key == "dep-1" ? "deployment" : "order", key}};
    const auto channel = effect["channel"].get<std::string>();
    CHECK(found(hub, id) == whose);
    CHECK(found(hub, channel + ":" + id) == whose);
    CHECK(found(hub, channel + "%20" + id) == whose);
    CHECK(found(hub, "C0ANOTHERONE:" + id).empty());
    auto in_address = id;
    std::erase(in_address, '.');
    const auto address = "https://shop.slack.com/archives/" + channel + "/p" + in_address;
    CHECK(found(hub, address) == whose);
    CHECK(found(hub, address + "%3Fthread_ts=" + id + "%26cid=" + channel) == whose);
    const auto answer = page(hub, "/admin/lookup?q=" + id, "lookup");
    CHECK(answer["matches"][0]["matched"] == "vendor_id");
    CHECK(answer["complete"] == true);
  }
  CHECK(messages >= 4); // New and confirmed of two orders.
  CHECK(texts == 1);
}

TEST_CASE("an order that begins later is the same in its list and alone", "[admin][lookup]") {
  admin_hub hub;
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run_until([](world& w) { return !w.stored().load(order_object("1"))->live.empty(); });
  REQUIRE(hub.act("/admin/orders/1/pause", R"({"reason":"case 8812"})").status == 202);
  const auto alone = page(hub, "/admin/orders/1", "order");
  const auto listed = page(hub, "/admin/orders", "orders")["orders"][0];
  CHECK(alone["created_at"].is_string());
  CHECK(alone["created_at"] == listed["created_at"]);
  for (const auto& step : listed["open"])
    for (const auto& same : alone["open"])
      if (same["step"] == step["step"])
        CHECK(same["state"] == step["state"]);
}

} // namespace orderhub::testing
