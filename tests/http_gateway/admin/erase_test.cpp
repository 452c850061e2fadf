#include "actors/handlers/services.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "journal/base/text.hpp"
#include "journal/object_row.hpp"
#include "providers/custom/description.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// What is erased or purged of an order is nowhere: on none of its objects, and on no page. Rows are
// packed and bodies base64url: what is looked through is what they say.
namespace orderhub::testing {

using namespace http_gateway;
using journal::table;
using nlohmann::json;

namespace {

const std::string why = R"({"reason":"the customer asked"})";
constexpr std::array personal = {"ada@example.com", "Ada Lovelace", "1 Main St", "+14155550123"};

json described(const raw_response& r, const char* schema) {
  INFO(r.body);
  CHECK(joined(schema_problems(admin_openapi(), schema, r.body)) == "");
  const auto j = json::parse(r.body, nullptr, false);
  REQUIRE(j.is_object());
  return j;
}

void is_refused(const raw_response& r, int status, const std::string& reason) {
  const auto j = described(r, "problem");
  CHECK(r.status == status);
  CHECK(j["reason"] == reason);
}

/// All texts of a page, those that were encoded too.
std::string said_by(const json& page) {
  std::string all;
  if (page.is_string())
    return page.get<std::string>() + '\n';
  if (page.is_structured())
    for (const auto& [name, value] : page.items()) {
      std::string decoded;
      if (name == "base64url" && value.is_string() &&
          from_base64url(value.get<std::string>(), decoded))
        all += decoded + '\n';
      all += said_by(value);
    }
  return all;
}

std::vector<std::string> personal_in(const std::string& where, const std::string& text) {
  std::vector<std::string> found;
  for (const std::string_view word : personal)
    if (text.find(word) != std::string::npos)
      found.push_back(where + " has " + std::string(word));
  return found;
}

/// What pages of order 1 say of its customer.
std::vector<std::string> shown_personal(const admin_hub& hub) {
  std::vector<std::string> found;
  const auto look = [&](const std::string& path, const raw_response& r) {
    for (auto& word : personal_in(path, said_by(json::parse(r.body, nullptr, false))))
      found.push_back(std::move(word));
  };
  const std::string order = "/admin/orders/1";
  look("reveal", hub.act(order + "/reveal", why));
  for (const auto* page : {"/journal?raw=1&limit=500", "/steps/mail_confirm/request",
                           "/steps/charge/request", "/explain?format=json"})
    look(page, hub.ask(order + page));
  return found;
}

/// What rows of its objects say.
std::vector<std::string> stored_personal(const world& w) {
  std::vector<std::string> found;
  const auto look = [&](const std::string& where, const std::string& text) {
    for (auto& word : personal_in(where, text))
      found.push_back(std::move(word));
  };
  const auto rows = must(w.store.read());
  REQUIRE(rows->scan(table::ob, {}, [&](auto, auto value) {
    const auto state = must(journal::decode_object(value));
    for (const auto& [name, of] : state.values)
      look(state.id.text() + ' ' + name, of);
    return true;
  }));
  REQUIRE(rows->scan(table::iv, {}, [&](auto, auto value) {
    const auto row = must(journal::decode_invocation_row(value));
    auto text = row.invocation.input.body + row.invocation.output;
    for (const auto& e : row.invocation.entries)
      text += e.payload;
    look(row.object.text() + ' ' + row.invocation.input.handler, text);
    return true;
  }));
  return found;
}

/// Objects that have rows of invocations that ended.
std::set<std::string> objects_with_past(const world& w) {
  std::set<std::string> objects;
  const auto rows = must(w.store.read());
  REQUIRE(rows->scan(table::iv, {}, [&](auto, auto value) {
    objects.insert(must(journal::decode_invocation_row(value)).object.text());
    return true;
  }));
  return objects;
}

bool is_place(const json& answer, const std::string& place, const std::string& object) {
  const auto& places = answer["places"];
  return std::any_of(places.begin(), places.end(), [&](const json& p) {
    return p["place"] == place && p["object"] == object && p["count"] > 0 && p["bytes"] > 0;
  });
}

bool has_left(const json& answer, const std::string& what) {
  const auto& left = answer["left"];
  return std::any_of(left.begin(), left.end(), [&](const json& l) { return l["what"] == what; });
}

std::string order_with_phone() {
  return R"({"items":[{"productId":"sku-1","quantity":2,"price":1500}],)"
         R"("customer":{"email":"ada@example.com","name":"Ada Lovelace","phone":"+14155550123"},)"
         R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})";
}

world_settings with_sms() {
  world_settings s;
  s.orders.sms = true;
  s.orders.sms_from = "+15005550006";
  return s;
}

/// As the retention of the journal leaves them: in rows, wherever they were.
void fold(admin_hub& hub) {
  hub.hub.run(120'000);
  hub.hub.fold();
}

} // namespace

TEST_CASE("an erase reaches what has ended on objects that have no state", "[admin][erase]") {
  const bool folds_before = GENERATE(false, true);
  CAPTURE(folds_before);
  admin_hub hub(with_sms());
  REQUIRE(hub.hub.call(order_object("1"), "ProcessOrder", order_with_phone()).status == 200);
  REQUIRE(hub.hub.run());
  if (folds_before)
    fold(hub);
  CHECK(shown_personal(hub).size() >= 8); // It is looked for where it is.
  const auto dry = described(hub.act("/admin/orders/1/erase?dry_run=true", why), "erased");
  CHECK(is_place(dry, "calls", "Notification/1"));
  const auto done = hub.act("/admin/orders/1/erase", why);
  REQUIRE(done.status == 202);
  CHECK(described(done, "erased")["places"] == dry["places"]);
  CHECK(joined(shown_personal(hub)) == ""); // At once, whatever rows say.
  fold(hub);
  CHECK(joined(stored_personal(hub.hub)) == "");
  CHECK(joined(shown_personal(hub)) == "");
}

TEST_CASE("of a purged order no object has anything that ended", "[admin][purge]") {
  admin_hub hub(with_sms());
  REQUIRE(hub.hub.call(order_object("1"), "ProcessOrder", order_with_phone()).status == 200);
  REQUIRE(hub.hub.run());
  fold(hub);
  REQUIRE(objects_with_past(hub.hub).size() >= 3);
  const auto dry = described(hub.act("/admin/orders/1/purge?dry_run=true", why), "erased");
  CHECK(is_place(dry, "calls", "Notification/1"));
  REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);
  CHECK(joined(shown_personal(hub)) == "");
  fold(hub);
  CHECK(objects_with_past(hub.hub).empty());
}

TEST_CASE("a fulfilment that had the order is erased with it, and knows whose it was",
          "[admin][erase][fulfilment]") {
  const bool is_tried_twice = GENERATE(false, true);
  CAPTURE(is_tried_twice);
  world_settings settings;
  settings.orders.stock = settings.orders.warehouse = settings.orders.carrier = true;
  settings.mock.job_ms = 5'000;
  admin_hub hub(settings);
  REQUIRE(hub.hub.call(order_object("1"), "ProcessOrder", order_body()).status == 200);
  const std::string wanted =
      R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2},{"productId":"sku-2",)"
      R"("quantity":1}],"shipping":{"name":"Ada Lovelace","street":"1 Main St",)"
      R"("city":"Springfield","state":"IL","zip":"62701"}})";
  const object_id first{"FulfillmentOrchestrator", "f-1"}, second{"FulfillmentOrchestrator", "f-2"};
  if (is_tried_twice) { // The first one gives the order back.
    hub.hub.submit(first, "Fulfill", wanted);
    REQUIRE(hub.hub.run_until(
        [](world& w) { return w.effects("1", providers::mock::effect_kind::pick_ticket) == 1; }));
    REQUIRE(hub.hub.call(first, "CancelFulfillment", "").status == 200);
  }
  REQUIRE(hub.hub.call(second, "Fulfill", wanted).status == 200);
  REQUIRE(hub.hub.run());
  fold(hub);
  const auto status = field(hub.hub.read(second, "GetStatus").body, "status");
  REQUIRE(status == "shipped");

  const auto done = described(hub.act("/admin/orders/1/erase", why), "erased");
  CHECK(is_place(done, "calls", second.text()));
  CHECK(is_place(done, "calls", first.text()) == is_tried_twice);
  fold(hub);
  CHECK(joined(stored_personal(hub.hub)) == "");
  CHECK(joined(shown_personal(hub)) == "");
  const auto after = hub.hub.read(second, "GetStatus");
  CHECK(field(after.body, "status") == status);
  CHECK(field(after.body, "orderId") == "1");

  REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);
  CHECK(hub.hub.call(second, "Fulfill", wanted).status == 409); // As its keys at the vendors.
}

namespace {

/// To order 1's customer.
std::string fulfilment_of(const std::string& order) {
  return R"({"orderId":")" + order +
         R"(","items":[{"productId":"sku-1","quantity":2}],"shipping":{"name":"Ada Lovelace",)"
         R"("street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})";
}

} // namespace

TEST_CASE("a fulfilment that no order took is erased with the order that it names",
          "[admin][erase][purge][fulfilment]") {
  // Who refuses or passes over the fulfilment: an order that is cancelled; nobody, there being
  // neither warehouse nor carrier, so that the order hears nothing of it; and of an order that this
  // hub does not know likewise.
  const std::string how = GENERATE("cancelled", "skipped", "unknown");
  const std::string verb = GENERATE("erase", "purge");
  const bool folds_before = GENERATE(false, true);
  CAPTURE(how, verb, folds_before);
  auto settings = with_sms();
  settings.orders.warehouse = settings.orders.carrier = how == "cancelled";
  admin_hub hub(settings);
  const object_id first{"FulfillmentOrchestrator", "f-1"}, second{"FulfillmentOrchestrator", "f-2"};
  if (how != "unknown")
    REQUIRE(hub.hub.call(order_object("1"), "ProcessOrder", order_with_phone()).status == 200);
  if (how == "cancelled")
    REQUIRE(hub.hub.call(order_object("1"), "CancelOrder", "").status == 200);
  for (const auto& id : {first, second})
    CHECK(hub.hub.call(id, "Fulfill", fulfilment_of("1")).status ==
          (how == "cancelled" ? 409 : 200));
  REQUIRE(hub.hub.run());
  if (folds_before)
    fold(hub);

  const auto dry = described(hub.act("/admin/orders/1/" + verb + "?dry_run=true", why), "erased");
  for (const auto& id : {first, second}) {
    CHECK(is_place(dry, "state", id.text()));
    CHECK(is_place(dry, "calls", id.text()));
  }
  const auto done = hub.act("/admin/orders/1/" + verb, why);
  REQUIRE(done.status == 202);
  CHECK(described(done, "erased")["places"] == dry["places"]);
  const auto audit = json::parse(hub.ask("/admin/audit").body)["actions"];
  CHECK(std::count_if(audit.begin(), audit.end(),
                      [&](const json& a) { return a["action"] == verb; }) == 1);
  fold(hub);
  CHECK(joined(stored_personal(hub.hub)) == "");
}

TEST_CASE("a fulfilment holds nothing of another order's customer", "[admin][erase][fulfilment]") {
  admin_hub hub;
  const object_id one{"FulfillmentOrchestrator", "f-1"};
  const std::string nobodys =
      R"({"orderId":"2","items":[{"productId":"sku-1","quantity":2}],"shipping":{"name":"B",)"
      R"("street":"2 Side St","city":"Springfield","state":"IL","zip":"62701"}})";
  const auto act = [&](journal::operator_verb verb) {
    journal::operator_payload action;
    action.verb = verb;
    action.who = "ada";
    action.via = "token";
    action.reason = "case 8812";
    hub.hub.operate({one, {}, std::move(action)});
    hub.hub.run(60'000);
  };
  const bool is_held = GENERATE(false, true); // Before the first request has begun.
  CAPTURE(is_held);
  if (is_held)
    act(journal::operator_verb::pause);
  hub.hub.submit(one, "Fulfill", nobodys);
  hub.hub.run(60'000);
  REQUIRE(must(hub.hub.stored().load(one)).live.size() == (is_held ? 1 : 0));
  const auto refused = hub.hub.call(one, "Fulfill", fulfilment_of("1"));
  CHECK(refused.status == 409);
  CHECK(refused.body.find("is of other orderId") != std::string::npos);
  if (is_held)
    act(journal::operator_verb::resume);
  CHECK(hub.hub.read(one, "GetStatus").status == 200);
  fold(hub);
  CHECK(joined(stored_personal(hub.hub)) == "");
}

TEST_CASE("an order whose payment may still come is not finished", "[admin][erase][purge]") {
  admin_hub hub;
  auto order = json::parse(order_with_phone());
  order["payment"]["method"] = "pm_card_authenticationRequired";
  (void)hub.hub.call(order_object("1"), "ProcessOrder", order.dump());
  hub.hub.run(60'000);
  REQUIRE(field(hub.hub.read(order_object("1"), "GetOrder").body, "status") == "requires_action");
  for (const auto* action : {"erase?dry_run=true", "erase", "purge?dry_run=true", "purge"})
    is_refused(hub.act(std::string("/admin/orders/1/") + action, why), 409, "not_finished");
  REQUIRE(hub.hub.call(order_object("1"), "CancelOrder", "").status == 200);
  REQUIRE(hub.hub.run());
  CHECK(hub.act("/admin/orders/1/purge", why).status == 202);
}

// ── What is finished ─────────────────────────────────────────────────────────────────────────

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// As they are by default: parcels are followed from 12 h on.
world_settings following(std::string_view control = "[]") {
  auto s = with_sms();
  s.mock = with_faults(control).mock;
  s.orders.parcel_sweep_after_ms = 12 * hour_ms;
  return s;
}

void process(admin_hub& hub) {
  REQUIRE(hub.hub.call(order_object("1"), "ProcessOrder", order_with_phone()).status == 200);
  hub.hub.run(300'000);
}

bool is_kept(const admin_hub& hub, const object_id& id) {
  return !must(hub.hub.stored().load(id)).blank();
}

const object_id parcel = handlers::parcel_object("1"), notices = {"Notification", "1"};

} // namespace

TEST_CASE("following a parcel makes no order unfinished", "[admin][erase][purge]") {
  const bool is_cancelled = GENERATE(false, true);
  CAPTURE(is_cancelled);
  admin_hub hub(following());
  process(hub);
  if (is_cancelled)
    REQUIRE(hub.hub.call(order_object("1"), "CancelOrder", "").status == 200);
  hub.hub.run(300'000);
  REQUIRE(is_kept(hub, parcel));

  SECTION("an erase leaves it") {
    const auto done = described(hub.act("/admin/orders/1/erase", why), "erased");
    CHECK(done["effect"] == "accepted");
    CHECK(has_left(done, "following"));
    CHECK(is_kept(hub, parcel));
    CHECK(hub.hub.run());
    CHECK(field(hub.hub.order("1").body, "status") == (is_cancelled ? "cancelled" : "delivered"));
    fold(hub);
    CHECK(joined(stored_personal(hub.hub)) == "");
  }
  SECTION("a purge ends it") {
    const auto dry = described(hub.act("/admin/orders/1/purge?dry_run=true", why), "erased");
    CHECK(is_place(dry, "following", parcel.text()));
    REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);
    CHECK(!is_kept(hub, parcel));
    CHECK(hub.hub.run());
    fold(hub);
    CHECK(objects_with_past(hub.hub).empty());
    CHECK(hub.hub.live().empty());
    CHECK(hub.hub.waiting().empty());
    CHECK(hub.hub.mock.requests(providers::mock::call_id::shippo_read_track) == 0);
  }
}

TEST_CASE("a purge ends a question that is out", "[admin][purge]") {
  // Shippo is away when the parcel is asked for, or takes its time.
  const std::string effect = GENERATE("drop_before", "hang");
  CAPTURE(effect);
  admin_hub hub(
      following(R"([{"vendor":"shippo","operation":"read_track","always":true,"effect":")" +
                effect + "\"}]"));
  process(hub);
  REQUIRE(hub.hub.run_until([](world& w) { return w.calling("shippo", "tracks"); }));
  CHECK(hub.act("/admin/orders/1/erase", why).status == 202);
  REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);
  CHECK(hub.hub.run());
  fold(hub);
  CHECK(objects_with_past(hub.hub).empty());
  CHECK(hub.hub.live().empty());
  for (const auto& vendor : hub.hub.places())
    for (std::size_t kind = 0; kind < vendor.in_flight.size(); ++kind)
      CHECK(vendor.in_flight[kind] + vendor.queued[kind] == 0);
}

TEST_CASE("following an SMS makes no order unfinished", "[admin][erase][purge]") {
  auto settings = with_sms();
  settings.mock = with_faults(R"([{"vendor":"twilio","operation":"sms","always":true,)"
                              R"("effect":"queued","late_ms":3600000}])")
                      .mock;
  admin_hub hub(settings);
  process(hub);
  REQUIRE(is_kept(hub, notices));
  CHECK(hub.act("/admin/orders/1/erase", why).status == 202);
  REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);
  CHECK(!is_kept(hub, notices));
  CHECK(hub.hub.waiting().empty());
  CHECK(hub.hub.run());
  CHECK(hub.hub.live().empty());
}

TEST_CASE("only following a parcel, a label's refund or an SMS makes no order unfinished",
          "[erase][purge]") {
  const auto settings = std::make_shared<const handlers::order_settings>(mock_order_settings());
  std::set<std::string> followers;
  for (const auto& [service, definition] : handlers::all_services(settings, {}, 0).services)
    for (const auto& [name, handler] : definition.handlers)
      if (handler.follows)
        followers.insert(service + '/' + name);
  CHECK(followers ==
        std::set<std::string>{"Notification/FollowSms", "Parcel/Follow", "Parcel/FollowRefund"});
}

// ── Afterwards ───────────────────────────────────────────────────────────────────────────────

TEST_CASE("no notice leaves for a customer who was erased", "[admin][erase][notifications]") {
  using providers::mock::effect_kind;
  auto settings = with_sms();
  const auto provider = [](const char* name, const char* body) {
    auto what = std::make_shared<providers::custom::description>();
    what->name = name;
    what->vendor = std::string("custom_") + name;
    what->operation = std::string("custom.") + name;
    what->hooks = static_cast<std::uint8_t>(providers::custom::hook::cancelled);
    what->path = must(providers::custom::text_template::parse("/orders/{{order_id}}"));
    what->body = must(providers::custom::json_template::parse(body));
    what->success = must(providers::custom::parse_statuses("200-299"));
    what->terminal = must(providers::custom::parse_statuses("400-499"));
    what->doubt.policy = providers::doubt_policy::may_repeat;
    return what;
  };
  settings.orders.custom = {provider("crm", R"({"to":"{{email}}"})"),
                            provider("erp", R"({"order":"{{order_id}}"})")};
  admin_hub hub(settings);
  process(hub);
  const auto mails = hub.hub.effects("1", effect_kind::mail);
  const auto texts = hub.hub.mock.requests(providers::mock::call_id::twilio_sms);
  REQUIRE(mails > 0);
  REQUIRE(texts > 0);
  REQUIRE(hub.act("/admin/orders/1/erase", why).status == 202);
  CHECK(hub.hub.call(order_object("1"), "RefundOrder", R"({"refundId":"r-1","amount":1000})")
            .status == 200);
  CHECK(hub.act("/admin/orders/1/cancel", why).status == 202);
  CHECK(hub.hub.run());
  const auto order = json::parse(hub.hub.order("1").body);
  CHECK(order["status"] == "cancelled");
  CHECK(hub.hub.effects("1", effect_kind::mail) == mails);
  CHECK(hub.hub.mock.requests(providers::mock::call_id::twilio_sms) == texts);
  const std::string skipped = "skipped: the customer's data were erased";
  CHECK(order["notices"]["mail_cancelled"] == skipped);
  CHECK(order["notices"]["custom_crm_cancelled"] == skipped);
  CHECK(order["notices"]["custom_erp_cancelled"].get<std::string>().starts_with("sent"));
  CHECK(order["attention"].empty());
  std::size_t told = 0;
  for (const auto& [step, became] : order["notices"].items())
    if (step.starts_with("mail_refunded") || step.starts_with("mail_cancelled"))
      told += became == skipped ? 1 : 0;
  CHECK(told >= 2);
}

TEST_CASE("nothing is done to an order that was purged", "[admin][purge]") {
  admin_hub hub;
  process(hub);
  const auto bulk = [&](const char* action) {
    return std::string(R"({"action":")") + action + R"(","keys":["1"],"reason":"a test of many"})";
  };
  hub.hub.submit(order_object("2"), "ProcessOrder", order_body());
  const auto planned = described(hub.act("/admin/bulk", bulk("cancel")), "bulk_acted")["bulk"];
  REQUIRE(planned["count"] == 1);
  REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);

  for (const auto* path : {"/pause", "/resume", "/retry", "/cancel", "/reveal", "/erase", "/purge",
                           "/steps/charge/retry", "/attention/label/ack"})
    for (const auto* query : {"", "?dry_run=true"}) {
      CAPTURE(path, query);
      is_refused(hub.act("/admin/orders/1" + std::string(path) + query, why), 409, "purged");
    }
  is_refused(hub.act("/admin/orders/1/steps/label/resolve",
                     R"({"outcome":"did_not_happen","reason":"seen at shippo"})"),
             409, "purged");
  for (const auto* action : {"retry", "pause", "resume", "cancel"}) {
    CAPTURE(action);
    const auto plan =
        described(hub.act("/admin/bulk?dry_run=true", bulk(action)), "bulk_acted")["bulk"];
    CHECK(plan["count"] == 0);
    REQUIRE(plan["excluded"].size() == 1);
    CHECK(plan["excluded"][0]["reason"] == "purged");
  }
  const auto path = "/admin/bulk/" + planned["id"].get<std::string>();
  REQUIRE(hub.act(path + "/start", R"({"count":1})").status == 202);
  CHECK(hub.hub.run());
  const auto items = described(hub.ask(path + "/items"), "bulk_items")["items"];
  REQUIRE(items.size() == 1);
  CHECK(items[0]["outcome"] == "skipped");
  CHECK(items[0]["reason"] == "purged");
}

TEST_CASE("a purged order is not fulfilled", "[admin][purge][fulfilment]") {
  world_settings settings;
  settings.orders.stock = settings.orders.warehouse = settings.orders.carrier = true;
  admin_hub hub(settings);
  process(hub);
  REQUIRE(hub.act("/admin/orders/1/purge", why).status == 202);
  const auto r = hub.hub.call({"FulfillmentOrchestrator", "f-1"}, "Fulfill", fulfilment_of("1"));
  CHECK(r.status == 409);
  CHECK(r.body.find("purged") != std::string::npos);
  CHECK(hub.hub.effects("1", providers::mock::effect_kind::pick_ticket) == 0);

  // What it was asked with goes as well, and then there is nothing.
  fold(hub);
  CHECK(joined(stored_personal(hub.hub)) != "");
  const std::string verb = GENERATE("erase", "purge");
  CAPTURE(verb);
  REQUIRE(hub.act("/admin/orders/1/" + verb, why).status == 202);
  fold(hub);
  CHECK(joined(stored_personal(hub.hub)) == "");
  REQUIRE(hub.act("/admin/orders/1/purge", why).status == (verb == "erase" ? 202 : 409));
  is_refused(hub.act("/admin/orders/1/purge", why), 409, "purged");
}

} // namespace orderhub::testing
