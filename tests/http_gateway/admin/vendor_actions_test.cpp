// What a person does to a vendor, over the wire, and what is seen of its calls.
#include "http_gateway/admin/operator_action.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

namespace orderhub::testing {

using nlohmann::json;

namespace {

constexpr const char* why = R"({"reason":"stripe moves"})";

json vendor(const admin_hub& hub, const std::string& name = "stripe") {
  const auto r = hub.ask("/admin/vendors/" + name);
  REQUIRE(r.status == 200);
  CHECK(schema_problems(admin_openapi(), "vendor", r.body).empty());
  return json::parse(r.body);
}

json done(const admin_hub& hub, const std::string& path, const std::string& body = why,
          int status = 202) {
  const auto r = hub.act("/admin/vendors/" + path, body);
  INFO(r.body);
  REQUIRE(r.status == status);
  CHECK(schema_problems(admin_openapi(), "vendor_action", r.body).empty());
  CHECK(r.headers.at("cache-control") == "no-store");
  return json::parse(r.body);
}

std::string reason_of(const raw_response& r) {
  return json::parse(r.body)["reason"];
}

std::size_t calls_to(const world& w, const std::string& name) {
  return static_cast<std::size_t>(
      std::count_if(w.requests().begin(), w.requests().end(), [&](const std::string& r) {
        return r.find('/' + name + '/') != std::string::npos;
      }));
}

} // namespace

TEST_CASE("nothing leaves for a paused vendor until it is resumed", "[admin][vendors]") {
  admin_hub hub;
  CHECK(done(hub, "stripe/pause")["effect"] == "accepted");
  for (const char* key : {"1", "2", "3"})
    hub.hub.ask(order_object(key), "ProcessOrder", order_body());
  hub.hub.run(600'000);
  CHECK(calls_to(hub.hub, "stripe") == 0);
  auto stands = vendor(hub);
  CHECK(stands["state"] == "paused_by_operator");
  CHECK(stands["paused"]["by"] == "loopback");
  CHECK(stands["paused"]["reason"] == "stripe moves");
  CHECK(stands["queued"]["effect"] == 3);

  CHECK(done(hub, "stripe/resume")["effect"] == "accepted");
  CHECK(vendor(hub)["ramp_percent"] == 5);
  REQUIRE(hub.hub.run());
  for (const char* key : {"1", "2", "3"}) {
    CHECK(hub.hub.effects(key, providers::mock::effect_kind::charge) == 1);
    CHECK(field(hub.hub.order(key).body, "status") == "confirmed");
  }
  hub.hub.time.advance(120'000);
  CHECK(vendor(hub)["ramp_percent"].is_null());
}

TEST_CASE("the audit tells a breaker from a pause, and how the vendor stood and stands",
          "[admin][vendors][audit]") {
  admin_hub hub;
  const auto newest = [&](const std::string& query = {}) {
    const auto r = hub.ask("/admin/audit" + query);
    CHECK(schema_problems(admin_openapi(), "audit", r.body).empty());
    return json::parse(r.body)["actions"][0];
  };
  const auto stands = [&](const std::string& action, const json& before, const json& after) {
    const auto row = newest();
    CHECK(row["action"] == action);
    CHECK(row["target"] == "stripe");
    CHECK(row["before"] == before);
    CHECK(row["after"] == after);
  };
  const auto paused = done(hub, "stripe/pause");
  CHECK(paused["audit_id"] == newest()["id"]);
  stands("pause", "closed", "paused_by_operator");
  const std::string open = R"({"reason":"stripe moves","state":"open"})";
  CHECK(done(hub, "stripe/breaker", open)["plan"]["becomes"] == "opened_by_operator");
  stands("breaker", "paused_by_operator", "opened_by_operator");
  CHECK(newest("?action=breaker")["outcome"] == "accepted");
  // It is held open still, and then paused still.
  CHECK(done(hub, "stripe/resume")["plan"]["becomes"] == "opened_by_operator");
  CHECK(vendor(hub)["state"] == "opened_by_operator");
  stands("resume", "opened_by_operator", "opened_by_operator");
  done(hub, "stripe/pause");
  const std::string automatic = R"({"reason":"stripe moves","state":"auto"})";
  CHECK(done(hub, "stripe/breaker", automatic)["plan"]["becomes"] == "paused_by_operator");
  CHECK(vendor(hub)["state"] == "paused_by_operator");
  CHECK(done(hub, "stripe/resume")["plan"]["becomes"] == "closed");
  CHECK(vendor(hub)["state"] == "closed");
}

TEST_CASE("a probe is in the audit", "[admin][vendors][audit]") {
  admin_hub hub;
  CHECK(done(hub, "stripe/probe")["effect"] == "nothing_to_do");
  const auto row = json::parse(hub.ask("/admin/audit?action=probe").body)["actions"][0];
  CHECK(row["target"] == "stripe");
  CHECK(row["outcome"] == "nothing_to_do");
}

TEST_CASE("a doubt is not looked up at a paused vendor, and is settled after the pause",
          "[admin][vendors]") {
  admin_hub hub(with_faults(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})"));
  hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  REQUIRE(field(hub.hub.order("1").body, "in_doubt").find("label") != std::string::npos);
  done(hub, "shippo/pause");
  const auto before = calls_to(hub.hub, "shippo");
  hub.hub.run(600'000);
  CHECK(calls_to(hub.hub, "shippo") == before);
  done(hub, "shippo/resume");
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", providers::mock::effect_kind::label) == 1);
  CHECK(field(hub.hub.order("1").body, "status") == "confirmed");
}

TEST_CASE("a pause with an end is over by itself", "[admin][vendors]") {
  admin_hub hub;
  const auto plan = done(hub, "stripe/pause", R"({"reason":"stripe moves","for":"10m"})")["plan"];
  CHECK(vendor(hub)["paused"]["until"] == plan["until"]);
  hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(599'000);
  CHECK(calls_to(hub.hub, "stripe") == 0);
  REQUIRE(hub.hub.run());
  CHECK(field(hub.hub.order("1").body, "status") == "confirmed");
  CHECK(vendor(hub)["paused"].is_null());
}

TEST_CASE("a dry run changes nothing and says who would wait", "[admin][vendors]") {
  admin_hub hub;
  done(hub, "stripe/pause");
  for (const char* key : {"1", "2"})
    hub.hub.ask(order_object(key), "ProcessOrder", order_body());
  hub.hub.run(60'000);
  const auto tried = done(hub, "stripe/resume?dry_run=true", why, 200);
  CHECK(tried["dry_run"] == true);
  CHECK(tried["plan"]["state"] == "paused_by_operator");
  CHECK(tried["plan"]["becomes"] == "closed");
  CHECK(tried["plan"]["calls_queued"] == 2);
  CHECK(tried["plan"]["steps_held"] == 2);
  CHECK(vendor(hub)["state"] == "paused_by_operator");
  // What is so already is said, and written down by nobody.
  CHECK(done(hub, "stripe/pause")["effect"] == "nothing_to_do");
  CHECK(done(hub, "shippo/resume")["effect"] == "nothing_to_do");
  CHECK(done(hub, "shippo/probe")["effect"] == "nothing_to_do");
}

TEST_CASE("a breaker is held open, held closed and left to itself", "[admin][vendors]") {
  admin_hub hub;
  const auto put = [&](const char* state, const char* more = "") {
    return done(hub, "stripe/breaker",
                R"({"reason":"as agreed","state":")" + std::string(state) + '"' + more + '}');
  };
  put("open");
  CHECK(vendor(hub)["state"] == "opened_by_operator");
  put("closed", R"(,"for":"30m")");
  auto stands = vendor(hub);
  CHECK(stands["state"] == "closed");
  CHECK(stands["breaker_held"]["position"] == "closed");
  put("auto");
  CHECK(vendor(hub)["breaker_held"].is_null());
  const auto refused = hub.act("/admin/vendors/stripe/breaker",
                               R"({"reason":"as agreed","state":"auto","for":"1m"})");
  CHECK(refused.status == 400);
  CHECK(reason_of(refused) == "invalid_body");
}

TEST_CASE("what no action on a vendor takes is refused by name", "[admin][vendors]") {
  admin_hub hub;
  const auto refused = [&](const std::string& path, const std::string& body) {
    const auto r = hub.act("/admin/vendors/" + path, body);
    INFO(r.body);
    CHECK(schema_problems(admin_openapi(), "problem", r.body).empty());
    return reason_of(r);
  };
  CHECK(refused("nobody/pause", why) == "no_such_vendor");
  CHECK(refused("stripe/breaker", why) == "invalid_body"); // Without a state.
  for (const char* end :
       {R"("for":"soon")", R"("for":"0s")", R"("until":"tomorrow")",
        R"("until":"2001-01-01T00:00:00Z")", R"("for":"1m","until":"2999-01-01T00:00:00Z")"}) {
    CAPTURE(end);
    CHECK(refused("stripe/pause", R"({"reason":"stripe moves",)" + std::string(end) + '}') ==
          "invalid_body");
  }
  CHECK(refused("stripe/pause", R"({"reason":")" + std::string(501, 'a') + "\"}") ==
        "invalid_body");
  CHECK(vendor(hub)["state"] == "closed");
}

TEST_CASE("a vendor's calls are listed with their outcome, and nothing that they carried",
          "[admin][vendors]") {
  admin_hub hub(
      with_faults(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"})"));
  hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto r = hub.ask("/admin/vendors/stripe/calls");
  REQUIRE(r.status == 200);
  CHECK(schema_problems(admin_openapi(), "vendor_calls", r.body).empty());
  const auto calls = json::parse(r.body)["calls"];
  REQUIRE(calls.size() == 2);
  CHECK(calls[0]["outcome"] == "answered"); // Newest first.
  CHECK(calls[0]["status"] == 200);
  CHECK(calls[1]["outcome"] == "lost");
  for (const auto& c : calls) {
    CHECK(c["call"] == "POST /v1/payment_intents");
    CHECK(c["object"] == "OrderOrchestrator/1");
    CHECK(c["class"] == "write");
  }
  const auto failed = json::parse(hub.ask("/admin/vendors/stripe/calls?failed=true").body)["calls"];
  CHECK(failed.size() == 1);
  CHECK(vendor(hub)["calls_5m"] == 2);
  CHECK(vendor(hub)["failed_percent_5m"] == 50);
  CHECK(vendor(hub)["api_version"].is_string());

  const auto series = json::parse(hub.ask("/admin/vendors/stripe/series?range=15m").body);
  std::int64_t all = 0, lost = 0;
  for (const auto& p : series["points"]) {
    all += p["calls"].get<std::int64_t>();
    lost += p["failed"].get<std::int64_t>();
  }
  CHECK(all == 2);
  CHECK(lost == 1);
}

} // namespace orderhub::testing
