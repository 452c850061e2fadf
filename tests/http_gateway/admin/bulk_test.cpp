#include "http_gateway/admin/admin_routes.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// One action on many orders: the set is frozen, counted and done once.
namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;
using providers::mock::effect_kind;

namespace {

constexpr const char* lost_labels =
    R"({"vendor":"shippo","operation":"label","always":true,"times":3,"effect":"late_work","late_ms":30000})";

world_settings listening() {
  world_settings s;
  s.orders.payment_events = s.orders.label_events = s.orders.mail_events = true;
  return s;
}

json described(const raw_response& r, const char* schema) {
  INFO(r.body);
  CHECK(joined(schema_problems(admin_openapi(), schema, r.body)) == "");
  const auto j = json::parse(r.body, nullptr, false);
  REQUIRE(j.is_object());
  return j;
}

json accepted(const raw_response& r, int status = 202) {
  INFO(r.body);
  REQUIRE(r.status == status);
  auto j = described(r, "bulk_acted");
  CHECK(j["effect"] == "accepted");
  CHECK(j["audit_id"].is_string() == (status == 202));
  return j["bulk"];
}

void is_refused(const raw_response& r, int status, const std::string& reason) {
  const auto j = described(r, "problem");
  CHECK(r.status == status);
  CHECK(j["reason"] == reason);
}

/// Three orders whose labels are in doubt, and one that is confirmed.
void begin(admin_hub& hub) {
  for (const char* key : {"1", "2", "3"})
    hub.hub.submit(order_object(key), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  for (const char* key : {"1", "2", "3"})
    REQUIRE(field(hub.hub.order(key).body, "in_doubt").find("label") != std::string::npos);
  hub.hub.submit(order_object("4"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until(
      [](world& w) { return field(w.order("4").body, "status") == "confirmed"; }));
}

const std::string retry_in_doubt =
    R"({"action":"retry","filter":{"in_doubt":true},"reason":"shippo is back"})";

std::string body_of(const std::string& action, const std::string& keys) {
  return R"({"action":")" + action + R"(","keys":[)" + keys + R"(],"reason":"a test of many"})";
}

std::string start_of(const json& bulk) {
  return R"({"count":)" + std::to_string(bulk["count"].get<int>()) + "}";
}
std::string path_of(const json& bulk, const std::string& rest = {}) {
  return "/admin/bulk/" + bulk["id"].get<std::string>() + rest;
}

json shown(const admin_hub& hub, const json& bulk) {
  return described(hub.ask(path_of(bulk)), "bulk");
}
json items_of(const admin_hub& hub, const json& bulk, const std::string& query = {}) {
  return described(hub.ask(path_of(bulk, "/items" + query)), "bulk_items")["items"];
}
/// What metrics show of people's actions.
struct counted_action {
  std::string action, result;
  std::uint64_t count = 0;
};
labelled_counts<2>::values_type counted(const std::vector<counted_action>& all) {
  labelled_counts<2>::values_type values;
  for (const auto& one : all)
    values.emplace_back(std::array{one.action, one.result}, one.count);
  return values;
}
/// Those that were not refused.
json actions_of(const admin_hub& hub, const std::string& query = {}) {
  json list = json::array();
  const auto page = described(hub.ask("/admin/audit?limit=500" + query), "audit");
  for (const auto& a : page["actions"])
    if (a["outcome"] == "accepted")
      list.push_back(a);
  return list;
}

} // namespace

TEST_CASE("a key that only a deployment bears is no order to a bulk", "[admin][bulk]") {
  auto settings = with_faults(R"({"vendor":"github","always":true,"effect":"status"})");
  settings.orders.repository = "owner/shop";
  admin_hub hub(settings);
  hub.hub.submit({"DeploymentWorkflow", "d-1"}, "run",
                 R"({"ref":"main","environment":"production"})");
  hub.hub.run(20'000);
  REQUIRE(hub.ask("/admin/orders/d-1").status == 200);
  for (const auto* action : {"pause", "retry", "cancel", "resume"}) {
    CAPTURE(action);
    const auto plan = described(hub.act("/admin/bulk?dry_run=true", body_of(action, R"("d-1")")),
                                "bulk_acted")["bulk"];
    CHECK(plan["count"] == 0);
    REQUIRE(plan["excluded"].size() == 1);
    CHECK(plan["excluded"][0]["reason"] == "no_such_order");
  }
}

TEST_CASE("a bulk is planned, counted, started and done once, and its records name it",
          "[admin][bulk]") {
  const auto settings = with_faults(lost_labels);
  const auto counts = settings.orders.operator_actions;
  admin_hub hub(settings);
  begin(hub);
  const auto tried = accepted(hub.act("/admin/bulk?dry_run=true", retry_in_doubt), 200);
  CHECK(tried["id"].is_null());
  CHECK(tried["count"] == 3);
  CHECK(described(hub.ask("/admin/bulk"), "bulks")["bulks"].empty());

  const auto plan = accepted(hub.act("/admin/bulk", retry_in_doubt));
  CHECK(plan["state"] == "planned");
  CHECK(plan["count"] == 3);
  CHECK(plan["left"] == 3);
  CHECK(plan["samples"].size() == 3);
  CHECK(plan["filter"] == json{{"in_doubt", true}});
  CHECK(plan["planned_by"] == "loopback");
  CHECK(plan["rate_per_s"] == 20);
  for (const auto& item : items_of(hub, plan))
    CHECK(item["outcome"] == "waiting");
  CHECK(actions_of(hub, "&action=retry").empty()); // Nothing is done before it is started.

  const auto running = accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
  CHECK(running["state"] == "running");
  CHECK(running["started_by"] == "loopback");
  hub.hub.run(5'000);
  const auto ended = shown(hub, plan);
  CHECK(ended["state"] == "finished");
  CHECK(ended["done"] == 3);
  CHECK(ended["left"] == 0);
  const auto retries = actions_of(hub, "&action=retry");
  REQUIRE(retries.size() == 3);
  for (const auto& item : items_of(hub, plan)) {
    CHECK(item["outcome"] == "done");
    CHECK(std::count_if(retries.begin(), retries.end(), [&](const json& r) {
            return r["id"] == item["audit_id"] && r["target"] == item["key"];
          }) == 1);
  }
  CHECK(counts->values() == counted({{"retry", "accepted", 3}}));
  for (const auto& r : retries) {
    CHECK(r["evidence"] == "bulk " + plan["id"].get<std::string>());
    CHECK(r["reason"] == "shippo is back");
    CHECK(r["who"] == "loopback");
  }
  for (const char* action : {"bulk_plan", "bulk_start"}) {
    const auto list = actions_of(hub, std::string("&action=") + action);
    REQUIRE(list.size() == 1);
    CHECK(list[0]["target"] == plan["id"]);
    CHECK(list[0]["who"] == "loopback");
  }
  REQUIRE(hub.hub.run());
  for (const char* key : {"1", "2", "3"})
    CHECK(hub.hub.effects(key, effect_kind::label) == 1);
  const auto list = described(hub.ask("/admin/bulk"), "bulks")["bulks"];
  REQUIRE(list.size() == 1);
  CHECK(list[0]["id"] == plan["id"]);
}

TEST_CASE("what cannot be done is left out of a plan, and says why", "[admin][bulk]") {
  admin_hub hub(with_faults(lost_labels));
  begin(hub);
  const auto plan = accepted(hub.act("/admin/bulk", body_of("retry", R"("1","4","none","1")")));
  CHECK(plan["count"] == 1);
  std::vector<std::string> why;
  for (const auto& e : plan["excluded"])
    why.push_back(e["reason"].get<std::string>() + ' ' + e["keys"][0].get<std::string>());
  std::sort(why.begin(), why.end());
  CHECK(why == std::vector<std::string>{"no_such_order none", "nothing_to_retry 4"});
  // Of what nothing is left there is no bulk.
  const auto none =
      described(hub.act("/admin/bulk", body_of("resume", R"("1","2")")), "bulk_acted");
  CHECK(none["effect"] == "nothing_to_do");
  CHECK(none["bulk"]["id"].is_null());
  CHECK(none["bulk"]["excluded"][0]["reason"] == "not_paused");
  CHECK(described(hub.ask("/admin/bulk"), "bulks")["bulks"].size() == 1);
}

TEST_CASE("a bulk takes up what a cancel was refused", "[admin][bulk]") {
  admin_hub hub(with_faults(
      R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"refuse","text":"no"})"));
  for (const char* key : {"1", "2"}) {
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
    REQUIRE(hub.hub.run());
  }
  REQUIRE(hub.act("/admin/orders/1/cancel", R"({"reason":"a recall"})").status == 202);
  REQUIRE(hub.hub.run());
  REQUIRE(hub.hub.effects("1", effect_kind::refund) == 0);
  const auto plan = accepted(hub.act("/admin/bulk", body_of("retry", R"("1","2")")));
  CHECK(plan["count"] == 1); // Nothing of the other one is to be retried.
  accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
  REQUIRE(hub.hub.run());
  CHECK(shown(hub, plan)["done"] == 1);
  CHECK(hub.hub.effects("1", effect_kind::refund) == 1);
  CHECK(hub.hub.effects("2", effect_kind::refund) == 0);
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["attention"].empty());
}

TEST_CASE("the set is frozen, and each item is looked at again when its turn comes",
          "[admin][bulk]") {
  const auto settings = with_faults(lost_labels);
  const auto counts = settings.orders.operator_actions;
  admin_hub hub(settings);
  begin(hub);
  const auto plan = accepted(hub.act("/admin/bulk", retry_in_doubt));
  REQUIRE(hub.hub.run()); // All of them have come to an end meanwhile.
  hub.hub.submit(order_object("5"), "ProcessOrder", order_body());
  accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
  REQUIRE(hub.hub.run());
  const auto ended = shown(hub, plan);
  CHECK(ended["state"] == "finished");
  CHECK(ended["count"] == 3);
  CHECK(ended["skipped"] == 3);
  CHECK(ended["skipped_by"] == json::array({{{"reason", "nothing_to_retry"}, {"count", 3}}}));
  for (const auto& item : items_of(hub, plan, "?outcome=skipped"))
    CHECK(item["reason"] == "nothing_to_retry");
  CHECK(counts->values() == counted({{"retry", "nothing_to_do", 3}}));
  CHECK(actions_of(hub, "&action=retry").empty());
}

TEST_CASE("a bulk is paused between two items, goes on, and is cancelled", "[admin][bulk]") {
  const world_settings settings;
  const auto counts = settings.orders.operator_actions;
  admin_hub hub(settings);
  std::string keys;
  for (int i = 1; i <= 6; ++i) {
    hub.hub.call(order_object(std::to_string(i)), "ProcessOrder", order_body());
    keys += (i == 1 ? "\"" : ",\"") + std::to_string(i) + '"';
  }
  REQUIRE(hub.hub.run());
  const auto slow =
      R"({"action":"cancel","rate_per_s":1,"reason":"a recall","keys":[)" + keys + "]}";
  const auto plan = accepted(hub.act("/admin/bulk", slow));
  const std::string why = R"({"reason":"wait a moment"})";
  is_refused(hub.act(path_of(plan, "/pause"), why), 409, "not_possible");
  accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
  is_refused(hub.act(path_of(plan, "/start"), start_of(plan)), 409, "not_possible");
  hub.hub.run(2'500);
  CHECK(accepted(hub.act(path_of(plan, "/pause"), why))["state"] == "paused");
  hub.hub.run(60'000);
  const auto paused = shown(hub, plan);
  CHECK(paused["done"] >= 1);
  CHECK(paused["left"] >= 1);
  accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
  hub.hub.run(1'500);
  CHECK(accepted(hub.act(path_of(plan, "/cancel"), why))["state"] == "cancelled");
  REQUIRE(hub.hub.run());
  const auto ended = shown(hub, plan);
  CHECK(ended["state"] == "cancelled");
  CHECK(ended["left"] >= 1);
  std::size_t dropped = 0;
  for (const auto& item : items_of(hub, plan)) {
    const auto key = item["key"].get<std::string>();
    const bool is_done = item["outcome"] == "done";
    CHECK(hub.hub.effects(key, effect_kind::refund) == (is_done ? 1 : 0));
    dropped += item["outcome"] == "dropped" ? 1 : 0;
  }
  CHECK(dropped == ended["left"]);
  // However often it was stopped, and told how far it was, each item counts once.
  CHECK(counts->values() == counted({{"cancel", "accepted", ended["done"].get<std::uint64_t>()}}));
  is_refused(hub.act(path_of(plan, "/start"), start_of(plan)), 409, "not_possible");
  for (const char* action : {"bulk_pause", "bulk_cancel"})
    CHECK(actions_of(hub, std::string("&action=") + action).size() == 1);
  CHECK(actions_of(hub, "&action=bulk_start").size() == 2);
}

TEST_CASE("many orders are paused and go on", "[admin][bulk]") {
  admin_hub hub;
  for (const char* key : {"1", "2"})
    hub.hub.submit(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([](world& w) {
    return w.calling("stripe", "payment_intents") && w.order("1").status == 200 &&
           w.order("2").status == 200;
  }));
  const auto done = [&](const std::string& action) {
    const auto plan = accepted(hub.act("/admin/bulk", body_of(action, R"("1","2")")));
    accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
    hub.hub.run(600'000);
    return shown(hub, plan);
  };
  CHECK(done("pause")["done"] == 2);
  for (const char* key : {"1", "2"})
    CHECK(json::parse(hub.ask(std::string("/admin/orders/") + key).body)["state"] == "paused");
  CHECK(done("resume")["done"] == 2);
  REQUIRE(hub.hub.run());
  for (const char* key : {"1", "2"}) {
    CHECK(field(hub.hub.order(key).body, "status") == "confirmed");
    CHECK(hub.hub.effects(key, effect_kind::label) == 1);
  }
}

TEST_CASE("a plan under one idempotency-key is one, and a start that repeats it too",
          "[admin][bulk]") {
  admin_hub hub(with_faults(lost_labels));
  begin(hub);
  const std::string key = "Idempotency-Key: one\r\n", other = "Idempotency-Key: two\r\n";
  const auto plan = accepted(hub.act("/admin/bulk", retry_in_doubt, key));
  CHECK(accepted(hub.act("/admin/bulk", retry_in_doubt, key))["id"] == plan["id"]);
  is_refused(hub.act("/admin/bulk", body_of("pause", "\"1\""), key), 409, "idempotency_conflict");
  accepted(hub.act(path_of(plan, "/start"), start_of(plan), other));
  accepted(hub.act(path_of(plan, "/start"), start_of(plan), other));
  CHECK(actions_of(hub, "&action=bulk_plan").size() == 1);
  CHECK(actions_of(hub, "&action=bulk_start").size() == 1);
}

TEST_CASE("what no bulk takes is refused by name", "[admin][bulk]") {
  admin_hub hub(with_faults(lost_labels));
  begin(hub);
  for (const char* body :
       {"", "[]", "{}", R"({"action":"erase","keys":["1"],"reason":"a test"})",
        R"({"action":"pause","keys":["1"]})", R"({"action":"pause","reason":"a test"})",
        R"({"action":"pause","keys":["1"],"filter":{"open":true},"reason":"a test"})",
        R"({"action":"pause","keys":[],"reason":"a test"})",
        R"({"action":"pause","keys":[1],"reason":"a test"})",
        R"({"action":"pause","filter":{},"reason":"a test"})",
        R"({"action":"pause","filter":[],"reason":"a test"})",
        R"({"action":"pause","filter":{"open":true,"limit":5},"reason":"a test"})",
        R"({"action":"pause","keys":["1"],"reason":"a test","rate_per_s":0})",
        R"({"action":"pause","keys":["1"],"reason":"a test","rate_per_s":201})",
        R"({"action":"pause","keys":["1"],"reason":"a test","accept_repeat":true})",
        R"({"action":"replay","filter":{"open":true},"reason":"a test"})"}) {
    CAPTURE(body);
    is_refused(hub.act("/admin/bulk", body), 400, "invalid_body");
  }
  is_refused(hub.act("/admin/bulk", R"({"action":"retry","filter":{"opne":true}})"), 400,
             "unknown_parameter");
  is_refused(hub.act("/admin/bulk", R"({"action":"retry","filter":{"status":"lost"}})"), 400,
             "invalid_parameter");
  const auto plan = accepted(hub.act("/admin/bulk", retry_in_doubt));
  is_refused(hub.act(path_of(plan, "/start"), R"({"count":2})"), 409, "wrong_count");
  is_refused(hub.act(path_of(plan, "/start"), "{}"), 400, "invalid_body");
  is_refused(hub.act(path_of(plan, "/pause"), "{}"), 400, "invalid_body");
  is_refused(hub.act("/admin/bulk/bulk_0/start", R"({"count":2})"), 404, "no_such_bulk");
  is_refused(hub.ask("/admin/bulk/bulk_0"), 404, "no_such_bulk");
  is_refused(hub.ask("/admin/bulk/bulk_0/items"), 404, "no_such_bulk");
  is_refused(hub.ask("/admin/bulk?cursor=1"), 400, "invalid_parameter");
  is_refused(hub.ask(path_of(plan, "/items?cursor=n3")), 400, "invalid_parameter");
  is_refused(hub.ask(path_of(plan, "/items?cursor=7")), 400, "invalid_parameter");
  CHECK(shown(hub, plan)["state"] == "planned");
}

TEST_CASE("a customer's address in a filter is kept nowhere", "[admin][bulk]") {
  admin_hub hub(with_faults(lost_labels));
  begin(hub);
  const auto plan = accepted(
      hub.act("/admin/bulk",
              R"({"action":"retry","filter":{"email":"ada@example.com"},"reason":"a test"})"));
  CHECK(plan.dump().find("ada@") == std::string::npos);
  CHECK(shown(hub, plan).dump().find("ada@") == std::string::npos);
}

TEST_CASE("items come in pages that hold each once", "[admin][bulk]") {
  admin_hub hub(with_faults(lost_labels));
  begin(hub);
  const auto plan = accepted(hub.act("/admin/bulk", retry_in_doubt));
  std::vector<std::string> keys;
  std::string cursor;
  do {
    const auto page = described(
        hub.ask(path_of(plan, "/items?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor))),
        "bulk_items");
    for (const auto& item : page["items"])
      keys.push_back(item["key"].get<std::string>());
    cursor = page["next"].is_string() ? page["next"].get<std::string>() : "";
  } while (!cursor.empty());
  std::sort(keys.begin(), keys.end());
  CHECK(keys == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("up to a thousand items are an operator's, more an admin's", "[admin][bulk][access]") {
  admin_access_rules rules;
  for (const auto role : {admin_role::operate, admin_role::admin})
    rules.tokens.push_back(
        token_of(std::string(name_of(role)), role, secret(std::string(name_of(role)) + "-token")));
  auto settings = with_faults(R"({"vendor":"stripe","always":true,"effect":"drop_before"})");
  settings.steps_max = 5'000'000;
  settings.journal = {}; // Folded when it is large.
  admin_hub hub(settings, rules);
  std::size_t last = 0;
  for (int i = 0; i <= 1'000; ++i)
    last = hub.hub.submit(order_object((i == 0 ? "b-" : "a-") + std::to_string(i)), "ProcessOrder",
                          order_body());
  const auto all_heard = [&](world& w) {
    for (std::size_t n = 0; n <= last; ++n)
      if (!w.of(n).heard)
        return false;
    return true;
  };
  REQUIRE(hub.hub.run_until(all_heard));
  const std::string operate = "Authorization: Bearer operate-token\r\n",
                    admin = "Authorization: Bearer admin-token\r\n";
  const auto plan_of = [](const std::string& filter) {
    return R"({"action":"pause","filter":{)" + filter + R"(},"reason":"a test of many"})";
  };
  const auto all = plan_of(R"("open":true)"), but_one = plan_of(R"("key_prefix":"a-")");
  is_refused(hub.act("/admin/bulk", all, operate), 403, "role_too_low");
  const auto plan = accepted(hub.act("/admin/bulk", all, admin));
  CHECK(plan["count"] == 1'001);
  // Nor does he start what an admin has planned.
  is_refused(hub.act(path_of(plan, "/start"), start_of(plan), operate), 403, "role_too_low");
  CHECK(json::parse(hub.ask(path_of(plan), admin).body)["state"] == "planned");
  const auto fits = accepted(hub.act("/admin/bulk", but_one, operate));
  CHECK(fits["count"] == 1'000);
  CHECK(accepted(hub.act(path_of(fits, "/start"), start_of(fits), operate))["state"] == "running");
  const auto refused = json::parse(hub.ask("/admin/audit?who=operate&limit=500", admin).body);
  CHECK(std::count_if(refused["actions"].begin(), refused["actions"].end(),
                      [](const json& a) { return a["outcome"] == "role_too_low"; }) == 2);
}

TEST_CASE("dead letters are replayed, and nothing else", "[admin][bulk][webhooks]") {
  admin_hub hub(listening());
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  event_sender door(hub.hub);
  auto lost = door.tracking(providers::webhooks::event_kind::in_transit, "track_1");
  lost.what.vendor_ids = {"somebody's number"};
  lost.what.reference = field(hub.hub.order("1").body, "trackingNumber");
  REQUIRE(door.deliver(lost) == 202);
  handlers::receipt r;
  r.vendor = "stripe";
  r.what.id = "evt_1";
  r.what.type = "customer.created";
  r.received_at = hub.hub.time.wall_ms();
  r.body = "{}";
  REQUIRE(door.deliver(r) == 202); // It is of no use, which is no dead letter.
  hub.hub.run(60'000);
  const auto all = accepted(
      hub.act("/admin/bulk", R"({"action":"replay","filter":{},"reason":"assigned by now"})"));
  CHECK(all["count"] == 1);
  const auto dead = all["samples"][0].get<std::string>();
  const auto plan = accepted(
      hub.act("/admin/bulk", body_of("replay", R"("stripe:evt_1","stripe:evt_2",")" + dead + '"')));
  std::vector<std::string> why;
  for (const auto& e : plan["excluded"])
    why.push_back(e["reason"]);
  std::sort(why.begin(), why.end());
  CHECK(why == std::vector<std::string>{"no_such_webhook", "not_dead"});
  accepted(hub.act(path_of(plan, "/start"), start_of(plan)));
  hub.hub.run(5'000);
  CHECK(shown(hub, plan)["done"] == 1);
  CHECK(described(hub.ask("/admin/webhooks/" + dead), "webhook")["replays"] == 1);
}

} // namespace orderhub::testing
