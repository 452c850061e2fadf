#include "http_gateway/admin/admin_routes.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// What a person does to an order: it is on record, it is done once, and it is told.
namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;
using providers::mock::effect_kind;

namespace {

constexpr const char* lost_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})";
constexpr const char* no_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_before"})";
constexpr const char* refused_refund =
    R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"refuse","text":"no"})";
constexpr const char* refused_void =
    R"({"vendor":"shippo","operation":"label_refund","nth":1,"effect":"refuse","text":"no"})";
const std::string why = R"({"reason":"shippo is back"})";

json described(const raw_response& r, const char* schema) {
  INFO(r.body);
  CHECK(joined(schema_problems(admin_openapi(), schema, r.body)) == "");
  const auto j = json::parse(r.body, nullptr, false);
  REQUIRE(j.is_object());
  return j;
}

json accepted(const raw_response& r) {
  INFO(r.body);
  REQUIRE(r.status == 202);
  auto j = described(r, "acted");
  CHECK(j["effect"] == "accepted");
  CHECK(j["audit_id"].is_string());
  return j;
}

/// What an answer's plan names, each as often as it does.
std::multiset<std::string> whats(const json& answer) {
  std::multiset<std::string> all;
  for (const auto& item : answer["plan"])
    all.insert(item["what"].get<std::string>());
  return all;
}

std::string body_with_phone() {
  auto j = json::parse(order_body());
  j["customer"]["phone"] = "+12175550100";
  return j.dump();
}

void is_refused(const raw_response& r, int status, const std::string& reason) {
  const auto j = described(r, "problem");
  CHECK(r.status == status);
  CHECK(j["reason"] == reason);
}

json actions_of(const admin_hub& hub, const std::string& query = {}) {
  return described(hub.ask("/admin/audit" + query), "audit")["actions"];
}

/// Those that were not refused.
json accepted_of(const admin_hub& hub) {
  json list = json::array();
  for (const auto& a : actions_of(hub))
    if (a["outcome"] == "accepted")
      list.push_back(a);
  return list;
}

/// In one line.
std::string explained(const admin_hub& hub) {
  std::string flat;
  for (const char c : hub.ask("/admin/orders/1/explain?format=text").body)
    if (c != '\n' && (c != ' ' || flat.empty() || flat.back() != ' '))
      flat.push_back(c);
    else if (c == '\n' && !flat.empty() && flat.back() != ' ')
      flat.push_back(' ');
  return flat;
}

/// An order whose label is in doubt, at a moment at which nothing but time would move it.
void begin_in_doubt(admin_hub& hub) {
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  REQUIRE(field(hub.hub.order("1").body, "in_doubt").find("label") != std::string::npos);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a person's retry is one record, which audit and explanation tell", "[admin][actions]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  const auto planned =
      described(hub.act("/admin/orders/1/steps/label/retry?dry_run=true", "{}"), "acted");
  CHECK(planned["dry_run"] == true);
  CHECK(planned["plan"][0]["safe"] == true);
  CHECK(actions_of(hub).empty());

  const std::string key = "Idempotency-Key: one\r\n";
  const auto first = accepted(hub.act("/admin/orders/1/steps/label/retry", why, key));
  const auto again = accepted(hub.act("/admin/orders/1/steps/label/retry", why, key));
  CHECK(first["audit_id"] == again["audit_id"]);
  is_refused(hub.act("/admin/orders/1/steps/label/retry", R"({"reason":"another one"})", key), 409,
             "idempotency_conflict");

  const auto list = accepted_of(hub);
  REQUIRE(list.size() == 1);
  CHECK(list[0]["id"] == first["audit_id"]);
  CHECK(list[0]["who"] == "loopback");
  CHECK(list[0]["role"] == "admin");
  CHECK(list[0]["action"] == "retry");
  CHECK(list[0]["target"] == "1");
  CHECK(list[0]["step"] == "label");
  CHECK(list[0]["reason"] == "shippo is back");
  CHECK(list[0]["outcome"] == "accepted");
  CHECK(described(hub.ask("/admin/orders/1/audit"), "order_audit")["actions"] == list);
  CHECK(has(explained(hub), "loopback (admin, loopback) retried label"));
  CHECK(has(explained(hub), "shippo is back"));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::label) == 1);
  CHECK(accepted_of(hub).size() == 1); // Folded by now.
}

TEST_CASE("an action at another version than the one it was meant for is none",
          "[admin][actions]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  const auto version = json::parse(hub.ask("/admin/orders/1").body)["version"].get<std::size_t>();
  const auto body = [](std::size_t at) {
    return R"({"reason":"for a while","expect_version":)" + std::to_string(at) + "}";
  };
  is_refused(hub.act("/admin/orders/1/pause", body(version - 1)), 409, "changed");
  const auto refused = actions_of(hub, "?action=pause");
  REQUIRE(refused.size() == 1);
  CHECK(refused[0]["outcome"] == "changed");
  CHECK(refused[0]["target"] == "1");
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["version"] == version);
  accepted(hub.act("/admin/orders/1/pause", body(version)));
  is_refused(hub.act("/admin/orders/1/resume", body(version)), 409, "changed");
}

TEST_CASE("a paused order stands until it is resumed", "[admin][actions]") {
  admin_hub hub;
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([](world& w) { return w.calling("stripe", "payment_intents"); }));
  accepted(hub.act("/admin/orders/1/pause", why));
  hub.hub.run(600'000);
  const auto order = json::parse(hub.ask("/admin/orders/1").body);
  CHECK(order["state"] == "paused");
  CHECK(hub.hub.effects("1", effect_kind::label) <= 1); // It may have been out already.
  accepted(hub.act("/admin/orders/1/resume", why));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::label) == 1);
  CHECK(field(hub.hub.order("1").body, "status") == "confirmed");
  // Of an order at rest a second one finds nothing to do, and is on record all the same.
  accepted(hub.act("/admin/orders/1/pause", why));
  const auto twice = described(hub.act("/admin/orders/1/pause", why), "acted");
  CHECK(twice["effect"] == "nothing_to_do");
  CHECK(actions_of(hub)[0]["outcome"] == "nothing_to_do");
}

TEST_CASE("a cancel says what it undoes, and undoes it once", "[admin][actions]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto plan = described(hub.act("/admin/orders/1/cancel?dry_run=true", why), "acted")["plan"];
  CHECK(std::any_of(plan.begin(), plan.end(), [](const json& item) {
    return item["what"] == "refund" && item["amount"] == 4'250 && item["currency"] == "usd";
  }));
  CHECK(std::any_of(plan.begin(), plan.end(),
                    [](const json& item) { return item["what"] == "void_label"; }));
  const std::string key = "Idempotency-Key: c\r\n";
  accepted(hub.act("/admin/orders/1/cancel", why, key));
  accepted(hub.act("/admin/orders/1/cancel", why, key));
  REQUIRE(hub.hub.run());
  CHECK(field(hub.hub.order("1").body, "status") == "cancelled");
  CHECK(hub.hub.effects("1", effect_kind::refund) == 1);
  CHECK(actions_of(hub).size() == 1);
  CHECK(has(explained(hub), "cancelled it at"));
  const auto again = described(hub.act("/admin/orders/1/cancel", why), "acted");
  CHECK(again["effect"] == "nothing_to_do");
}

TEST_CASE("a pause with an end is over by itself, and says when", "[admin][actions]") {
  admin_hub hub;
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([](world& w) { return w.calling("stripe", "payment_intents"); }));
  const std::string body = R"({"reason":"for a while","for":"30m"})",
                    key = "Idempotency-Key: p\r\n";
  accepted(hub.act("/admin/orders/1/pause", body, key));
  hub.hub.run(600'000);
  accepted(hub.act("/admin/orders/1/pause", body, key)); // A repeat ends when it would have.
  const auto paused = json::parse(hub.ask("/admin/orders/1").body);
  CHECK(joined(schema_problems(admin_openapi(), "order", paused.dump())) == "");
  CHECK(paused["objects"][0]["paused_until"].is_string());
  CHECK(has(explained(hub), "was paused by an operator until "));
  CHECK(hub.hub.effects("1", effect_kind::label) <= 1);
  hub.hub.run(30 * 60'000);
  CHECK(field(hub.hub.order("1").body, "status") == "confirmed");
  const auto over = actions_of(hub, "?action=resume");
  REQUIRE(over.size() == 1);
  CHECK(over[0]["who"] == "hub");
  CHECK(over[0]["via"] == "timer");
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["objects"][0]["paused_until"].is_null());
  for (const char* wrong :
       {R"({"reason":"for a while","until":"2001-01-01T00:00:00Z"})",
        R"({"reason":"for a while","for":"long"})",
        R"({"reason":"for a while","for":"1h","until":"2101-01-01T00:00:00Z"})"})
    is_refused(hub.act("/admin/orders/1/pause", wrong), 400, "invalid_body");
}

namespace {

/// What the vendors of a hub have done so far that a cancel does, by the words of its plan.
std::map<std::string, std::size_t> done_at_vendors(const admin_hub& hub) {
  const std::map<std::string, effect_kind> kinds = {
      {"cancel_payment", effect_kind::cancel_intent},
      {"refund", effect_kind::refund},
      {"void_label", effect_kind::label_refund},
      {"cancel_pickup", effect_kind::pickup_cancel},
      {"cancel_pick_ticket", effect_kind::pick_cancel},
      {"release_stock", effect_kind::stock_release},
      {"mail", effect_kind::mail},
      {"announce", effect_kind::message},
      {"sms", effect_kind::sms},
      {"tell_providers", effect_kind::custom_call}};
  std::map<std::string, std::size_t> done;
  for (const auto& [what, kind] : kinds)
    done[what] = hub.hub.effects("1", kind);
  return done;
}

/// Orders as they stand when somebody cancels them.
struct before_cancel {
  const char* name;
  bool has_stock = false;
  bool is_fulfilled = false;
  bool texts = false;
  const char* payment = "";
  const char* refund = "";
};

} // namespace

TEST_CASE("a cancel's plan names each call that it makes, and no other", "[admin][actions]") {
  const auto which = GENERATE(
      before_cancel{"as it is sent"}, before_cancel{"with stock", true},
      before_cancel{"being packed", true, true}, before_cancel{"with a phone", false, false, true},
      before_cancel{"declined", true, false, false, "pm_card_chargeDeclined"},
      before_cancel{"authenticating", true, false, false, "pm_card_authenticationRequired"},
      before_cancel{"refunded in part", true, false, false, "",
                    R"({"refundId":"a","amount":1000})"},
      before_cancel{"refunded", true, false, false, "", R"({"refundId":"a"})"});
  CAPTURE(which.name);
  world_settings settings;
  settings.orders.stock = which.has_stock;
  settings.orders.warehouse = settings.orders.carrier = which.is_fulfilled;
  settings.orders.sms = which.texts;
  settings.orders.sms_from = "+15005550006";
  settings.orders.public_url = "https://hub.example.com"; // By it the ledger knows whose an SMS is.
  settings.mock.job_ms = 1'000LL * 60'000;
  admin_hub hub(std::move(settings));
  std::string extra;
  if (*which.payment != 0)
    extra = R"("payment":{"method":")" + std::string(which.payment) + "\"}";
  hub.hub.submit(order_object("1"), "ProcessOrder",
                 which.texts ? body_with_phone() : order_body(extra));
  hub.hub.run(60'000);
  if (which.is_fulfilled)
    hub.hub.submit(
        {"FulfillmentOrchestrator", "f-1"}, "Fulfill",
        R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2},{"productId":"sku-2",)"
        R"("quantity":1}],"shipping":{"name":"Ada Lovelace","street":"1 Main St",)"
        R"("city":"Springfield","state":"IL",)"
        R"("zip":"62701"}})");
  if (*which.refund != 0)
    hub.hub.submit(order_object("1"), "RefundOrder", which.refund);
  hub.hub.run(60'000);

  const auto before = done_at_vendors(hub);
  const auto planned = described(hub.act("/admin/orders/1/cancel?dry_run=true", why), "acted");
  CHECK(done_at_vendors(hub) == before);
  accepted(hub.act("/admin/orders/1/cancel", why));
  hub.hub.run(10LL * 60'000);
  REQUIRE(field(hub.hub.order("1").body, "status") == "cancelled");
  std::multiset<std::string> done;
  for (const auto& [what, count] : done_at_vendors(hub))
    for (auto n = before.at(what); n < count; ++n)
      done.insert(what);
  INFO(planned.dump(1));
  CHECK(whats(planned) == done);
  CHECK(whats(planned).contains("mail"));
  if (std::string_view(which.name) == "with stock")
    CHECK(whats(planned) ==
          std::multiset<std::string>{"refund", "void_label", "release_stock", "mail", "announce"});
  for (const auto& i : planned["plan"]) {
    CHECK(i["vendor"].is_string());
    CHECK(i["object"].is_string());
    if (i["what"] == "refund")
      CHECK(i["amount"] == (*which.refund != 0 ? 3'250 : 4'250));
  }
  CHECK(described(hub.act("/admin/orders/1/cancel?dry_run=true", why), "acted")["plan"].empty());
}

TEST_CASE("a cancel's plan says what follows from what is out", "[admin][actions]") {
  admin_hub hub;
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([](world& w) { return w.calling("stripe", "payment_intents"); }));
  const auto plan = described(hub.act("/admin/orders/1/cancel?dry_run=true", why), "acted")["plan"];
  const auto charge = std::find_if(plan.begin(), plan.end(),
                                   [](const json& i) { return i["what"] == "settle_first"; });
  REQUIRE(charge != plan.end());
  CHECK((*charge)["step"] == "charge");
  CHECK((*charge)["because"][0] == "If the card was charged, the money is given back.");
}

TEST_CASE("a refused step of a cancel is taken up by its retry", "[admin][actions]") {
  const bool is_money = GENERATE(true, false);
  const bool is_whole_order = GENERATE(true, false);
  CAPTURE(is_money, is_whole_order);
  admin_hub hub(with_faults(is_money ? refused_refund : refused_void));
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  accepted(hub.act("/admin/orders/1/cancel", why));
  REQUIRE(hub.hub.run());
  const std::string step = is_money ? "refund" : "void_label";
  REQUIRE(has(hub.ask("/admin/orders/1").body, "\"attention\":[{\"step\":\"" + step));
  const auto path = is_whole_order ? std::string("/admin/orders/1/retry")
                                   : "/admin/orders/1/steps/" + step + "/retry";

  const auto planned = described(hub.act(path + "?dry_run=true", "{}"), "acted");
  REQUIRE(planned["effect"] == "accepted");
  REQUIRE_FALSE(planned["plan"].empty());
  CHECK(planned["plan"][0]["what"] == step);
  const std::string key = "Idempotency-Key: once\r\n";
  accepted(hub.act(path, why, key));
  accepted(hub.act(path, why, key)); // The same one.
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::refund) == 1);
  CHECK(hub.hub.effects("1", effect_kind::label_refund) == 1);
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["attention"].empty());
  const auto retries = actions_of(hub, "?action=retry");
  REQUIRE(retries.size() == 1);
  CHECK(retries[0]["outcome"] == "accepted");
  if (!is_whole_order)
    CHECK(retries[0]["step"] == step);
  // There is no next move any more, and it says so.
  if (is_whole_order)
    CHECK(described(hub.act(path, why), "acted")["effect"] == "nothing_to_do");
  else
    is_refused(hub.act(path, why), 409, "not_possible");
}

TEST_CASE("a step that has ended is not retried, and its refusal says what to do",
          "[admin][actions]") {
  admin_hub hub(with_faults(
      R"({"vendor":"stripe","operation":"refund","always":true,"effect":"refuse","text":"no"})"));
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  hub.hub.call(order_object("1"), "RefundOrder", R"({"refundId":"a","amount":1000})");
  REQUIRE(hub.hub.run());
  const auto charged = hub.act("/admin/orders/1/steps/charge/retry", "{}");
  is_refused(charged, 409, "not_possible");
  CHECK(has(charged.body, "The step charge has ended (done)"));
  is_refused(hub.act("/admin/orders/1/steps/nothing/retry", "{}"), 404, "no_such_step");
  const auto refused = hub.act("/admin/orders/1/steps/refund_order/retry", "{}");
  is_refused(refused, 409, "not_possible");
  CHECK(has(refused.body, "The step refund_order has ended (refused)"));
  CHECK(has(refused.body, "another refundId"));
  CHECK(hub.hub.effects("1", effect_kind::refund) == 0);
}

TEST_CASE("a cancel goes through a pause, and the news of it waits", "[admin][actions]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  accepted(hub.act("/admin/orders/1/pause", why));
  accepted(hub.act("/admin/orders/1/cancel", why));
  hub.hub.run(3'600'000);
  CHECK(field(hub.hub.order("1").body, "status") == "cancelled");
  CHECK(hub.hub.effects("1", effect_kind::refund) == 1);
  CHECK(hub.hub.effects("1", effect_kind::label) ==
        hub.hub.effects("1", effect_kind::label_refund));
  CHECK(hub.hub.effects("1", effect_kind::mail, "mail_cancelled") == 0);
  const auto resumed = accepted(hub.act("/admin/orders/1/resume", why));
  CHECK(std::any_of(resumed["plan"].begin(), resumed["plan"].end(),
                    [](const json& item) { return item["object"] == "Notification/1"; }));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::mail, "mail_cancelled") > 0);
}

TEST_CASE("a cancel takes up what a vendor refused to undo", "[admin][actions]") {
  const bool is_money = GENERATE(true, false);
  admin_hub hub(with_faults(is_money ? refused_refund : refused_void));
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  accepted(hub.act("/admin/orders/1/cancel", why));
  REQUIRE(hub.hub.run());
  REQUIRE(field(hub.hub.order("1").body, "status") == "cancelled");
  REQUIRE(field(hub.hub.order("1").body, "attention") != "[]");
  REQUIRE(hub.hub.effects("1", is_money ? effect_kind::refund : effect_kind::label_refund) == 0);
  const auto again = accepted(hub.act("/admin/orders/1/cancel", why));
  // That money came back is told once more.
  REQUIRE(whats(again) == (is_money ? std::multiset<std::string>{"refund", "mail", "announce"}
                                    : std::multiset<std::string>{"void_label"}));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::refund) == 1);
  CHECK(hub.hub.effects("1", effect_kind::label_refund) == 1);
  CHECK(described(hub.act("/admin/orders/1/cancel", why), "acted")["effect"] == "nothing_to_do");
}

TEST_CASE("a word that a step happened is believed when the vendor says so", "[admin][actions]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  const auto body =
      R"({"reason":"label bought, case 8812","outcome":"happened","value":{"label_id":"x1"}})";
  accepted(hub.act("/admin/orders/1/steps/label/resolve", body));
  CHECK(has(explained(hub), "The vendor has not confirmed it yet."));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::label) == 1);
  CHECK(has(explained(hub), "said that label happened"));
  // An id that the vendor does not show is nobody's.
  CHECK(has(explained(hub), "Shippo shows it, but not label_id=x1: what it shows counts"));
  CHECK(!has(explained(hub), "Shippo confirmed it."));
  CHECK(actions_of(hub)[0]["evidence"] == "label_id=x1");
  is_refused(hub.act("/admin/orders/1/steps/label/resolve", body), 404, "no_such_step");
}

TEST_CASE("an unverified word is an admin's, and is told as unchecked for ever",
          "[admin][actions][unverified]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  const std::string path = "/admin/orders/1/steps/label/resolve";
  const auto body = [](const std::string& more) {
    return R"({"reason":"label bought, case 8812","outcome":"happened","unverified":true)" + more +
           "}";
  };
  is_refused(hub.act(path, body("")), 409, "not_possible"); // Which label is it?
  is_refused(hub.act(path, body(R"(,"value":{"label_id":"a b"})")), 409, "not_possible");
  is_refused(hub.act(path, body(R"(,"value":{"label_id":"x1","rate":"1"})")), 409, "not_possible");
  const auto good = body(R"(,"value":{"label_id":"x1","tracking_number":"9400"})");
  const auto planned = described(hub.act(path + "?dry_run=true", good), "acted");
  CHECK(planned["plan"][0]["what"] == "believe");
  CHECK(accepted_of(hub).empty());
  accepted(hub.act(path, good));
  REQUIRE(hub.hub.run());
  const auto order = json::parse(hub.ask("/admin/orders/1").body);
  CHECK(order["label_id"] == "x1");
  CHECK(order["tracking_number"] == "9400");
  CHECK(actions_of(hub)[0]["action"] == "happened_unverified");
  CHECK(has(explained(hub), "It was not checked with the vendor."));
  CHECK(has(explained(hub), "and it was not checked with Shippo: label x1"));
}

TEST_CASE("an unverified word that a label was not bought buys one",
          "[admin][actions][unverified]") {
  admin_hub hub(with_faults(no_label));
  begin_in_doubt(hub);
  const auto body = R"({"reason":"shippo says no","outcome":"did_not_happen","unverified":true})";
  const auto planned =
      described(hub.act("/admin/orders/1/steps/label/resolve?dry_run=true", body), "acted");
  CHECK(planned["plan"][0]["safe"] == false);
  accepted(hub.act("/admin/orders/1/steps/label/resolve", body));
  CHECK(hub.hub.run_until([](world& w) { return w.calling("shippo", "/transactions"); }));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::label) == 1);
  CHECK(has(explained(hub), "it was not checked with Shippo"));
}

TEST_CASE("a word that is not checked wants the role admin", "[admin][actions][unverified]") {
  auto rules = rules_with("a-token");
  rules.tokens.push_back(token_of("ada", admin_role::operate, secret("adas")));
  admin_hub hub(with_faults(lost_label), rules);
  begin_in_doubt(hub);
  const std::string ada = "Authorization: Bearer adas\r\n";
  const std::string path = "/admin/orders/1/steps/label/resolve";
  const std::string word = R"({"reason":"case 8812","outcome":"did_not_happen","unverified":)";
  is_refused(hub.act(path, word + "true}", ada), 403, "role_too_low");
  accepted(hub.act(path, word + "false}", ada));
}

TEST_CASE("a person's call is the probe of a vendor that is held", "[admin][actions][probe]") {
  admin_hub hub(with_faults(
      R"({"vendor":"stripe","operation":"charge","always":true,"effect":"status","status":401})"));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  const std::string path = "/admin/orders/1/steps/charge/retry";
  const auto plain = described(hub.act(path, why), "acted");
  CHECK(plain["effect"] == "nothing_to_do"); // It stands in its queue.
  const std::string forced = R"({"reason":"the key is back","force_probe":true})";
  const auto planned = described(hub.act(path + "?dry_run=true", forced), "acted");
  CHECK(planned["plan"][0]["what"] == "probe");
  CHECK(planned["plan"][0]["call"] == "POST /v1/payment_intents");
  accepted(hub.act(path, forced));
  CHECK(hub.hub.run_until([](world& w) { return w.calling("stripe", "payment_intents"); }));
  CHECK(has(explained(hub), "retried charge as a probe"));
}

TEST_CASE("a word that a step did not happen buys no second label", "[admin][actions]") {
  admin_hub hub(with_faults(GENERATE(as<std::string>(), lost_label, no_label)));
  begin_in_doubt(hub);
  accepted(hub.act("/admin/orders/1/steps/label/resolve",
                   R"({"reason":"none at shippo","outcome":"did_not_happen"})"));
  REQUIRE(hub.hub.run());
  CHECK(hub.hub.effects("1", effect_kind::label) == 1);
}

TEST_CASE("who has a call for a person is seen beside it", "[admin][actions]") {
  admin_hub hub(with_faults(
      R"({"vendor":"shippo","operation":"label","always":true,"effect":"refuse","code":"invalid_address","text":"no"})"));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(60'000);
  const auto before = json::parse(hub.ask("/admin/orders/1").body)["attention"];
  if (before.empty())
    return is_refused(hub.act("/admin/orders/1/attention/label/ack", why), 404, "no_such_step");
  const auto step = before[0]["step"].get<std::string>();
  CHECK(before[0]["acked_by"].is_null());
  accepted(hub.act("/admin/orders/1/attention/" + step + "/ack", why));
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["attention"][0]["acked_by"] == "loopback");
}

TEST_CASE("an action says why, and what it does not know it refuses", "[admin][actions]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  const std::string pause = "/admin/orders/1/pause";
  for (const char* body :
       {"", "{}", "[]", "{", R"({"reason":"four"})", R"({"reason":7})", R"({"reason":"a\nb c d"})",
        R"({"reason":"long enough","unverified":true})",
        R"({"reason":"long enough","expect_version":"1"})"}) {
    CAPTURE(body);
    is_refused(hub.act(pause, body), 400, "invalid_body");
  }
  is_refused(hub.act(pause, R"({"reason":")" + std::string(501, 'x') + "\"}"), 400, "invalid_body");
  is_refused(hub.act("/admin/orders/1/steps/charge/retry", "{}"), 409, "not_possible");
  is_refused(hub.act("/admin/orders/2/pause", why), 404, "no_such_order");
  is_refused(hub.act("/admin/orders/1/steps/label/resolve", why), 400, "invalid_body");
  CHECK(accepted_of(hub).empty());
  hub.door.set_health({false, "The disk is full.", "commit"});
  is_refused(hub.act(pause, why), 503, "unavailable");
  CHECK(hub.act(pause + "?dry_run=true", why).status == 200);
}

TEST_CASE("what is masked is shown to somebody who says why, and that is on record",
          "[admin][actions][reveal]") {
  auto rules = rules_with("a-token");
  rules.tokens.push_back(token_of("ada", admin_role::operate, secret("adas")));
  rules.tokens.push_back(token_of("eve", admin_role::read, secret("eves")));
  admin_hub hub({}, rules);
  const std::string ada = "Authorization: Bearer adas\r\n";
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const std::string path = "/admin/orders/1/reveal";
  is_refused(hub.act(path, why, "Authorization: Bearer eves\r\n"), 403, "role_too_low");
  is_refused(hub.act(path, "{}", ada), 400, "invalid_body");
  const auto dry = described(hub.act(path + "?dry_run=true", why, ada), "revealed");
  CHECK(dry["customer"].is_null());
  CHECK(dry["bodies"].empty());
  CHECK(dry["bodies_count"] > 0);
  const auto r = hub.act(path, why, ada);
  REQUIRE(r.status == 202);
  const auto shown = described(r, "revealed");
  CHECK(shown["customer"]["email"] == "ada@example.com");
  CHECK(shown["customer"]["shipping"]["street"].is_string());
  CHECK(shown["bodies"].size() == dry["bodies_count"]);
  CHECK(std::any_of(shown["bodies"].begin(), shown["bodies"].end(),
                    [](const json& b) { return b["what"] == "request" && b["step"] == "charge"; }));
  const auto list = described(hub.ask("/admin/orders/1/audit", ada), "order_audit")["actions"];
  REQUIRE(list.size() == 1);
  CHECK(list[0]["action"] == "reveal");
  CHECK(list[0]["who"] == "ada");
  CHECK(list[0]["id"] == shown["audit_id"]);
  hub.door.set_health({false, "The disk is full.", "commit"});
  const auto blind = hub.act(path, why, ada);
  is_refused(blind, 503, "unavailable");
  CHECK(!has(blind.body, "ada@example.com"));
}

TEST_CASE("an order that is erased keeps its facts, and nothing of its customer",
          "[admin][actions][erase]") {
  admin_hub hub;
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([](world& w) { return w.calling("stripe", "payment_intents"); }));
  is_refused(hub.act("/admin/orders/1/erase", why), 409, "not_finished");
  REQUIRE(hub.hub.run());
  const auto before = json::parse(hub.ask("/admin/orders/1").body);
  const auto dry = described(hub.act("/admin/orders/1/erase?dry_run=true", why), "erased");
  CHECK(dry["places"].size() >= 4);
  CHECK(dry["audit_id"].is_null());
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["customer"] == before["customer"]);
  const std::string key = "Idempotency-Key: one\r\n";
  const auto r = hub.act("/admin/orders/1/erase", why, key);
  REQUIRE(r.status == 202);
  CHECK(described(r, "erased")["places"] == dry["places"]);
  CHECK(hub.act("/admin/orders/1/erase", why, key).status == 202);
  hub.hub.run(120'000); // Folded by now.
  const auto after = json::parse(hub.ask("/admin/orders/1").body);
  CHECK(after["money"] == before["money"]);
  CHECK(after["status"] == before["status"]);
  CHECK(after["label_id"] == before["label_id"]);
  CHECK(after["customer"] != before["customer"]);
  const auto found = [&](const char* email) {
    return json::parse(hub.act("/admin/orders/search", std::string(R"({"email":")") + email + "\"}")
                           .body)["orders"]
        .size();
  };
  CHECK(found("ada@example.com") == 0);
  CHECK(has(explained(hub), "The customer's data were erased at"));
  const auto shown = described(hub.act("/admin/orders/1/reveal", why), "revealed");
  for (const char* personal : {"ada@example.com", "Ada Lovelace", "1 Main St"})
    CHECK(!has(shown.dump(), personal));
  CHECK(actions_of(hub, "?action=erase")[0]["who"] == "loopback");
}

TEST_CASE("of an order that is purged its key stays used", "[admin][actions][purge]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const std::string key = "Idempotency-Key: one\r\n";
  const auto dry = described(hub.act("/admin/orders/1/purge?dry_run=true", why), "erased");
  CHECK(dry["places"].size() >= 4);
  REQUIRE(hub.act("/admin/orders/1/purge", why, key).status == 202);
  CHECK(hub.act("/admin/orders/1/purge", why, key).status == 202);
  is_refused(hub.act("/admin/orders/1/purge", why), 409, "purged");
  const auto again = hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  CHECK(again.status == 409);
  CHECK(has(again.body, "purged"));
  CHECK(hub.hub.effects("1", effect_kind::charge) == 1);
  hub.hub.run(120'000);
  CHECK(json::parse(hub.ask("/admin/orders/1").body)["status"] == "purged");
  CHECK(json::parse(hub.ask("/admin/orders").body)["orders"].empty());
  CHECK(actions_of(hub, "?action=purge").size() >= 1);
  CHECK(hub.hub.call(order_object("1"), "ProcessOrder", order_body()).status == 409);
}

TEST_CASE("who was refused is in the audit, and many of them do not fill it",
          "[admin][actions][audit]") {
  auto rules = rules_with("a-token");
  rules.tokens.push_back(token_of("ada", admin_role::read, secret("adas")));
  admin_hub hub({}, rules);
  const std::string ada = "Authorization: Bearer adas\r\n",
                    all = "Authorization: Bearer a-token\r\n";
  is_refused(hub.act("/admin/orders/1/cancel", why, ada), 403, "role_too_low");
  is_refused(hub.ask("/admin/status", "Authorization: Bearer none\r\n"), 401, "unauthorized");
  const auto list = described(hub.ask("/admin/audit", all), "audit")["actions"];
  REQUIRE(list.size() == 2);
  CHECK(list[1]["who"] == "ada");
  CHECK(list[1]["action"] == "cancel");
  CHECK(list[1]["target"] == "1");
  CHECK(list[1]["outcome"] == "role_too_low");
  CHECK(list[0]["who"] == "unknown");
  CHECK(list[0]["action"] == "login");
  for (int i = 0; i < 200; ++i)
    CHECK(hub.act("/admin/orders/1/cancel", why, ada).status == 403);
  std::size_t count = 0;
  std::string cursor;
  do {
    const auto page = described(
        hub.ask("/admin/audit?limit=30" + (cursor.empty() ? "" : "&cursor=" + cursor), all),
        "audit");
    count += page["actions"].size();
    cursor = page["next"].is_string() ? page["next"].get<std::string>() : "";
  } while (!cursor.empty());
  CHECK(count == 100);
  CHECK(has(hub.ask("/metrics", all).body, "orderhub_operator_refusals_not_recorded_total 102"));
}

TEST_CASE("every refused action of a known caller is in the audit", "[admin][actions][audit]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  const std::string resolves = R"({"reason":"case 8812","outcome":"happened"})";
  const std::vector<std::array<std::string, 4>> tries = {
      {"/admin/orders/1/erase", why, "erase", "not_finished"},
      {"/admin/orders/none/pause", why, "pause", "no_such_order"},
      {"/admin/orders/1/steps/none/resolve", resolves, "resolve", "no_such_step"},
      {"/admin/bulk/none/start", R"({"count":1})", "bulk_start", "no_such_bulk"},
      {"/admin/orders/1/cancel", "{}", "cancel", "invalid_body"},
      {"/admin/vendors/none/pause", why, "pause", "no_such_vendor"},
      {"/admin/webhooks/none/replay", why, "replay", "no_such_webhook"},
      {"/admin/config/reload", "{}", "reload", "invalid_body"},
  };
  for (const auto& [path, body, action, reason] : tries) {
    INFO(path);
    const auto refused = json::parse(hub.act(path, body).body);
    CHECK(refused["reason"] == reason);
    const auto row = actions_of(hub)[0];
    CHECK(row["action"] == action);
    CHECK(row["outcome"] == reason);
    CHECK(row["who"] == "loopback");
    const auto count = actions_of(hub).size();
    CHECK(hub.act(path + "?dry_run=true", body).status >= 400);
    CHECK(actions_of(hub).size() == count); // Nobody wanted to do anything.
  }
}

TEST_CASE("whose token it is, is known also of what is refused for another cause",
          "[admin][actions][audit]") {
  auto rules = rules_with("a-token");
  rules.tokens.push_back(token_of("ada", admin_role::operate, secret("adas")));
  admin_hub hub({}, rules);
  const std::string ada = "Authorization: Bearer adas\r\n";
  CHECK(hub.act("/admin/orders/1/cancel", why, ada + "X-Orderhub-Actor: bob\r\n").status == 403);
  CHECK(hub.act("/admin/orders/1/cancel", why, ada + "Sec-Fetch-Site: cross-site\r\n").status ==
        403);
  const auto list =
      described(hub.ask("/admin/audit", "Authorization: Bearer a-token\r\n"), "audit")["actions"];
  REQUIRE(list.size() == 2);
  for (const auto& row : list) {
    CHECK(row["who"] == "ada");
    CHECK(row["via"] == "token");
  }
}

TEST_CASE("an action's id is its order's own, and the audit has one row of it",
          "[admin][actions][audit]") {
  admin_hub hub;
  const std::string key = "Idempotency-Key: one\r\n";
  for (const char* order : {"1", "2"})
    hub.hub.call(order_object(order), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto first = accepted(hub.act("/admin/orders/1/pause", why, key));
  const auto second = accepted(hub.act("/admin/orders/2/pause", why, key));
  CHECK(first["audit_id"] != second["audit_id"]);
  const auto list = actions_of(hub);
  REQUIRE(list.size() == 2);
  CHECK(list[1]["id"] == first["audit_id"]);
  CHECK(list[1]["target"] == "1");
  CHECK(list[1]["before"] == "running");
  CHECK(list[1]["after"] == "paused");
  // The order's own has one of each object.
  const auto own = described(hub.ask("/admin/orders/1/audit"), "order_audit")["actions"];
  CHECK(own.size() > 1);
  for (const auto& row : own)
    CHECK(row["id"] == first["audit_id"]);
  accepted(hub.act("/admin/orders/1/resume", why));
  CHECK(hub.act("/admin/orders/1/erase", why).status == 202);
  const auto erased = actions_of(hub, "?action=erase");
  REQUIRE(erased.size() == 1);
  CHECK(erased[0]["target"] == "1");
}

TEST_CASE("what is done to the hub is done once for a key, under the id of its row",
          "[admin][actions][audit]") {
  admin_hub hub;
  const std::string key = "Idempotency-Key: one\r\n";
  for (const auto& [path, schema] : {std::pair("/admin/journal/backup", "backup_action"),
                                     std::pair("/admin/journal/compact", "compact_action"),
                                     std::pair("/admin/config/reload", "config_action")}) {
    INFO(path);
    const auto begun = hub.files.begun;
    const auto one = hub.act(path, why, key), two = hub.act(path, why, key);
    CHECK(one.status == 202);
    CHECK(two.status == 202);
    const auto id = described(one, schema)["audit_id"];
    CHECK(id == actions_of(hub)[0]["id"]);
    CHECK(described(two, schema)["audit_id"] == id);
    CHECK(hub.files.begun - begun <= 1);
    is_refused(hub.act(path, R"({"reason":"another one"})", key), 409, "idempotency_conflict");
    is_refused(hub.act(path, why, key + key), 400, "invalid_parameter");
    is_refused(hub.act(path, R"({"reason":"one of","reason":"two of"})"), 400, "invalid_body");
  }
  is_refused(hub.act("/admin/orders/1/pause", R"({"reason":"one of","reason":"two of"})"), 400,
             "invalid_body");
}

TEST_CASE("what is done to the hub is answered when its record is on disk",
          "[admin][actions][audit]") {
  admin_hub hub;
  hub.people.refuses_notes = true;
  for (const auto* path : {"/admin/journal/compact", "/admin/config/reload"})
    is_refused(hub.act(path, why), 503, "unavailable");
}

TEST_CASE("the audit comes in pages that hold each action once", "[admin][actions][audit]") {
  admin_hub hub(with_faults(lost_label));
  begin_in_doubt(hub);
  for (int i = 0; i < 6; ++i) {
    accepted(hub.act(i % 2 == 0 ? "/admin/orders/1/pause" : "/admin/orders/1/resume", why));
    hub.hub.run(1'000); // Some are folded by now, some are not.
  }
  const auto all = actions_of(hub);
  REQUIRE(all.size() >= 6);
  json paged = json::array();
  std::string cursor;
  do {
    const auto page = described(
        hub.ask("/admin/audit?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor)), "audit");
    for (const auto& a : page["actions"])
      paged.push_back(a);
    cursor = page["next"].is_string() ? page["next"].get<std::string>() : "";
  } while (!cursor.empty());
  CHECK(paged == all);
  for (const auto& a : actions_of(hub, "?action=resume"))
    CHECK(a["action"] == "resume");
  CHECK(actions_of(hub, "?who=nobody").empty());
  const auto since = all[2]["at"].get<std::string>();
  for (const auto& a : actions_of(hub, "?since=" + since))
    CHECK(a["at"] >= since);
  is_refused(hub.ask("/admin/audit?since=yesterday"), 400, "invalid_parameter");
  is_refused(hub.ask("/admin/audit?cursor=u1"), 400, "invalid_parameter");
}

} // namespace orderhub::testing
