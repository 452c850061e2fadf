#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// What may be asked of lists, and what is refused rather than answered with nothing.
namespace orderhub::testing {

namespace {

using nlohmann::json;
using texts = std::vector<std::string>;

constexpr const char* why = R"({"reason":"it is looked at"})";

/// `400 invalid_parameter vendor`
std::string refusal_in(const raw_response& r) {
  INFO(r.body);
  CHECK(schema_problems(admin_openapi(), "problem", r.body).empty());
  const auto j = json::parse(r.body);
  return std::to_string(r.status) + ' ' + j.value("reason", "") + ' ' +
         (j["field"].is_string() ? j["field"].get<std::string>() : "");
}

raw_response search(const admin_hub& hub, std::string_view body, const std::string& headers = {}) {
  return hub.send(
      post("/admin/orders/search", body, "Content-Type: application/json\r\n" + headers));
}

texts keys(const raw_response& r) {
  INFO(r.body);
  REQUIRE(r.status == 200);
  CHECK(schema_problems(admin_openapi(), "orders", r.body).empty());
  texts all;
  const auto shown = json::parse(r.body);
  for (const auto& o : shown["orders"])
    all.push_back(o["key"]);
  return all;
}

json page(const admin_hub& hub, const std::string& path, const std::string& schema) {
  const auto r = hub.ask(path);
  INFO(path << '\n' << r.body);
  REQUIRE(r.status == 200);
  const auto problems = schema_problems(admin_openapi(), schema, r.body);
  INFO(joined(problems));
  CHECK(problems.empty());
  return json::parse(r.body);
}

void confirm(admin_hub& hub, const texts& orders) {
  for (const auto& key : orders)
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
}

} // namespace

TEST_CASE("a search by a person goes with every other filter", "[admin][lists]") {
  admin_hub hub;
  confirm(hub, {"a-1", "a-2", "b-1"});
  CHECK(keys(search(hub, R"({"email":"ada@example.com","q":"a-"})")) == texts{"a-2", "a-1"});
  CHECK(keys(search(hub, R"({"email":"ada@example.com","q":"b-1"})")) == texts{"b-1"});
  CHECK(keys(search(hub, R"({"email":"ada@example.com","q":"c"})")).empty());
  CHECK(keys(search(hub, R"({"email":"ada@example.com","key_prefix":"a-2"})")) == texts{"a-2"});
  CHECK(keys(search(hub, R"({"email":" \tAda@Example.com "})")).size() == 3);
}

TEST_CASE("a search is of an e-mail address or a number that may be one", "[admin][lists]") {
  admin_hub hub;
  for (const auto* body :
       {R"({"email":5})", R"({"email":"notmail"})", R"({"email":""})", R"({"email":null})"}) {
    CAPTURE(body);
    CHECK(refusal_in(search(hub, body)) == "400 invalid_body email");
  }
  for (const auto* body : {R"({"phone":"abc"})", R"({"phone":12015550101})", R"({"phone":" "})"}) {
    CAPTURE(body);
    CHECK(refusal_in(search(hub, body)) == "400 invalid_body phone");
  }
  const std::string ada = R"({"email":"ada@example.com"})";
  CHECK(refusal_in(search(hub, ada, "Content-Encoding: gzip\r\n")) ==
        "415 wrong_content_type content-encoding");
  CHECK(search(hub, ada, "Content-Encoding: identity\r\n").status == 200);
}

TEST_CASE("what no row can have is refused where rows are asked for", "[admin][lists]") {
  admin_hub hub;
  for (const auto& [path, field] :
       {std::pair("orders?vendor=nosuch", "vendor"), std::pair("orders?vendor=stripe,no", "vendor"),
        std::pair("orders?currency=usd,zzz", "currency"),
        std::pair("stream?vendor=nosuch", "vendor"), std::pair("webhooks?vendor=STRIPE", "vendor"),
        std::pair("webhooks/refused?vendor=nosuch", "vendor"),
        std::pair("audit?action=bogus", "action"), std::pair("audit?action=pause,", "action")}) {
    CAPTURE(path);
    CHECK(refusal_in(hub.ask(std::string("/admin/") + path)) ==
          std::string("400 invalid_parameter ") + field);
  }
  CHECK(refusal_in(hub.act("/admin/bulk", R"({"action":"retry","filter":{"vendor":"nosuch"},)"
                                          R"("reason":"it is looked at"})")) ==
        "400 invalid_parameter vendor");
  for (const auto* path : {"orders/nosuch/webhooks", "orders/nosuch/audit"}) {
    CAPTURE(path);
    CHECK(refusal_in(hub.ask(std::string("/admin/") + path)) == "404 no_such_order key");
  }
  // A vendor that is not configured is one.
  for (const auto* vendor : {"twilio", "github", "warehouse", "stripe,shippo"})
    CHECK(hub.ask(std::string("/admin/orders?vendor=") + vendor).status == 200);
}

TEST_CASE("the audit is of the actions that are named, and its cursor of its filters",
          "[admin][lists]") {
  admin_hub hub;
  confirm(hub, {"1"});
  for (const auto* action : {"pause", "resume", "pause", "resume"})
    CHECK(hub.act(std::string("/admin/orders/1/") + action, why).status == 202);
  const auto actions = [&](const std::string& names) {
    const auto shown = page(hub, "/admin/audit?action=" + names, "audit");
    std::set<std::string> ids; // An action on several objects is one.
    for (const auto& a : shown["actions"])
      ids.insert(a["id"]);
    return ids.size();
  };
  CHECK(actions("pause,resume") == 4);
  CHECK(actions("pause") == 2);
  const auto first = page(hub, "/admin/audit?limit=1", "audit");
  const auto next = first["next"].get<std::string>();
  CHECK(first["complete"] == true);
  CHECK(page(hub, "/admin/audit?limit=2&cursor=" + next, "audit")["actions"].size() == 2);
  CHECK(refusal_in(hub.ask("/admin/audit?limit=1&action=pause&cursor=" + next)) ==
        "400 invalid_parameter cursor");
}

TEST_CASE("the status counts what a person looks at first", "[admin][lists]") {
  admin_hub hub(with_faults(
      R"({"vendor":"slack","operation":"message","always":true,"effect":"refuse","code":"channel_not_found"})"));
  confirm(hub, {"1"});
  const auto status = page(hub, "/admin/status", "status");
  const auto summary = page(hub, "/admin/summary", "summary");
  for (const auto* name : {"open", "in_doubt", "attention", "stuck"}) {
    CAPTURE(name);
    CHECK(status[name] == summary[name]);
  }
  CHECK(status["attention"] == 1);
  CHECK(status["dead_letters"] == 0);
}

TEST_CASE("who is called by time alone is in every count, list and page", "[admin][lists]") {
  const bool waits_for_customer = GENERATE(true, false);
  CAPTURE(waits_for_customer);
  admin_hub hub(with_faults(
      waits_for_customer
          ? "[]"
          : R"({"vendor":"shippo","operation":"*","always":true,"effect":"drop_before"})"));
  hub.hub.submit(order_object("1"), "ProcessOrder",
                 order_body(waits_for_customer
                                ? R"("payment":{"method":"pm_card_authenticationRequired"})"
                                : ""));
  const auto is_called = [&] {
    const auto order = page(hub, "/admin/orders/1", "order");
    const bool is = !order["attention"].empty();
    const auto explained = page(hub, "/admin/orders/1/explain", "explanation");
    CHECK(explained["attention"] == order["attention"]);
    CHECK(keys(hub.ask("/admin/orders?attention=true")) == (is ? texts{"1"} : texts{}));
    const std::size_t count = is ? 1 : 0;
    CHECK(page(hub, "/admin/status", "status")["attention"] == count);
    CHECK(page(hub, "/admin/summary", "summary")["attention"] == count);
    return is;
  };
  hub.hub.run(5 * 60'000);
  CHECK_FALSE(is_called());
  constexpr std::int64_t day = 24LL * 3'600'000;
  if (waits_for_customer)
    hub.hub.time.advance(day); // Nothing of it comes by itself.
  else
    hub.hub.run(10 * 60'000);
  CHECK(is_called());
  hub.hub.fold();
  CHECK(is_called());
}

TEST_CASE("an order's journal is as of the commit it was read at", "[admin][lists]") {
  admin_hub hub;
  confirm(hub, {"1", "2"});
  const auto newest = page(hub, "/admin/status", "status")["journal"]["last_lsn"];
  const auto shown = page(hub, "/admin/orders/1/journal", "journal");
  CHECK(shown["as_of_lsn"] == newest);
  CHECK(page(hub, "/admin/orders/1", "order")["version"] < newest);
}

TEST_CASE("a telephone number is in no URL, and a key may have an @", "[admin][lists]") {
  admin_hub hub;
  confirm(hub, {"shop@2026", "12015550101"});
  for (const auto* path : {"orders?q=%2B12015550101", "orders?q=+12015550101",
                           "orders?key_prefix=%2B1%20201%20555%200101", "lookup?q=%2B12015550101",
                           "orders?q=ada%40example.com", "lookup?q=ada%40example.com"}) {
    CAPTURE(path);
    CHECK(refusal_in(hub.ask(std::string("/admin/") + path)).starts_with("400 personal_data"));
  }
  for (const auto* query : {"q=shop%402026", "key_prefix=shop%40", "key_contains=%402026"})
    CHECK(keys(hub.ask(std::string("/admin/orders?") + query)) == texts{"shop@2026"});
  CHECK(keys(hub.ask("/admin/orders?q=12015550101")) == texts{"12015550101"});
  CHECK(page(hub, "/admin/lookup?q=shop%402026", "lookup")["matches"][0]["key"] == "shop@2026");
  // In a body an address is in no URL.
  CHECK(keys(search(hub, R"({"email":"ada@example.com","q":"shop@2026"})")) == texts{"shop@2026"});
}

} // namespace orderhub::testing
