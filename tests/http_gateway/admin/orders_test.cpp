#include "actors/handlers/orders/order_listing.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/admin/utc_time_in.hpp"
#include "journal/inspect/verify.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// Lists of orders: what is in them, and what a page costs.
namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;

namespace {

constexpr const char* lost_label =
    R"({"vendor":"shippo","operation":"label","nth":3,"effect":"late_work","late_ms":30000})";

json checked(const raw_response& r, const std::string& schema) {
  INFO(r.body);
  REQUIRE(r.status == 200);
  const auto problems = schema_problems(admin_openapi(), schema, r.body);
  INFO(joined(problems));
  CHECK(problems.empty());
  return json::parse(r.body);
}

json listed(const admin_hub& hub, const std::string& query = {}) {
  INFO(query);
  return checked(hub.ask("/admin/orders" + (query.empty() ? "" : "?" + query)), "orders");
}

std::vector<std::string> keys(const json& page) {
  std::vector<std::string> all;
  for (const auto& o : page["orders"])
    all.push_back(o["key"]);
  return all;
}

json searched(const admin_hub& hub, const json& body) {
  return checked(
      hub.send(post("/admin/orders/search", body.dump(), "Content-Type: application/json\r\n")),
      "orders");
}

/// Orders a, b, c, one after the other; the label of c is in doubt.
void three_orders(admin_hub& hub) {
  for (const auto* key : {"a", "b"}) {
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
    hub.hub.run(60'000);
  }
  hub.hub.ask(order_object("c"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  REQUIRE(field(hub.hub.order("c").body, "in_doubt").find("label") != std::string::npos);
}

} // namespace

TEST_CASE("orders are listed with the newest first, and filtered by where they stand",
          "[admin][lists]") {
  admin_hub hub(with_faults(lost_label));
  three_orders(hub);
  const auto all = listed(hub);
  CHECK(keys(all) == std::vector<std::string>{"c", "b", "a"});
  CHECK(all["next"].is_null());
  CHECK(all["complete"] == true);
  CHECK(all["indexing"].is_null());
  const auto& c = all["orders"][0];
  CHECK(c["in_doubt"] == 1);
  CHECK(c["customer"] == "A… L… <a…@example.com>");
  CHECK(c["total_text"] == "42.50 USD");
  CHECK(c["status"] == field(hub.hub.order("c").body, "status"));
  CHECK(c["created_at"] == field(hub.hub.order("c").body, "createdAt"));
  REQUIRE_FALSE(c["open"].empty());
  const auto& open = c["open"][0];
  CHECK(open["step"] == "label");
  CHECK(open["vendor"] == "shippo");
  CHECK(open["state"] == "in_doubt");
  CHECK(open["ref"].get<std::string>().starts_with("inv_"));

  using list = std::vector<std::string>;
  const std::map<std::string, list> expected = {
      {"status=confirmed", {"c", "b", "a"}},
      {"status=pending", {}},
      {"status=pending,paid,confirmed", {"c", "b", "a"}},
      {"open=true", {"c"}},
      {"open=false", {"b", "a"}},
      {"in_doubt=true", {"c"}},
      {"in_doubt=false", {"b", "a"}},
      {"attention=true", {}},
      {"paused=true", {}},
      {"stuck=true", {}},
      {"vendor=shippo", {"c"}},
      {"vendor=stripe", {}},
      {"waits_for=customer", {}},
      {"reason=" + open["reason"].get<std::string>(), {"c"}},
      {"vendor=shippo&reason=stripe.503", {}},
      {"sort=waiting", {"c"}},
      {"older_than=1h", {}},
      {"older_than=0s&open=true", {"c"}},
      {"since=" + c["created_at"].get<std::string>(), {"c"}},
      {"until=" + c["created_at"].get<std::string>(), {"b", "a"}},
      {"updated_since=2000-01-01", {"c", "b", "a"}},
      {"currency=USD", {"c", "b", "a"}},
      {"currency=eur", {}},
      {"min_total=4250&max_total=4250", {"c", "b", "a"}},
      {"min_total=4251", {}},
      {"key_prefix=a", {"a"}},
      {"key_contains=b", {"b"}},
      {"q=b", {"b"}},
      {"q=nobody", {}},
      {"limit=2", {"c", "b"}},
  };
  for (const auto& [query, found] : expected) {
    CAPTURE(query);
    CHECK(keys(listed(hub, query)) == found);
  }
  const auto waits = open["waits_for"].get<std::string>();
  CHECK(keys(listed(hub, "waits_for=" + waits)) == list{"c"});
  CHECK(keys(listed(hub, "q=" + field(hub.hub.order("a").body, "paymentIntentId"))) == list{"a"});

  // When it is settled nothing of it is open any more.
  REQUIRE(hub.hub.run());
  CHECK(keys(listed(hub, "open=true")).empty());
  CHECK(keys(listed(hub, "in_doubt=true")).empty());
  auto rows = hub.hub.store.read();
  REQUIRE(rows);
  CHECK(journal::verify_tables(**rows, &handlers::order_lists()).problems ==
        std::vector<std::string>());
}

TEST_CASE("pages of orders hold each once, and a foreign cursor is refused", "[admin][lists]") {
  admin_hub hub;
  std::set<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const auto key = "o-" + std::to_string(i);
    expected.insert(key);
    hub.hub.ask(order_object(key), "ProcessOrder", order_body());
    hub.hub.run(3'000);
  }
  const std::string sort = GENERATE(as<std::string>(), "created", "waiting");
  CAPTURE(sort);
  if (sort == "waiting") // All of them wait.
    REQUIRE(hub.hub.mock.control(R"({"vendor":"stripe","always":true,"effect":"drop_before"})"));
  std::vector<std::string> found;
  std::string cursor;
  do {
    const auto page =
        listed(hub, "limit=3&sort=" + sort + (cursor.empty() ? "" : "&cursor=" + cursor));
    const auto here = keys(page);
    found.insert(found.end(), here.begin(), here.end());
    cursor = page["next"].is_string() ? page["next"].get<std::string>() : "";
    if (!cursor.empty()) {
      for (const auto* other : {"&open=true", "&sort=waiting&q=a"})
        CHECK(hub.ask("/admin/orders?cursor=" + cursor + other).status == 400);
      // Nothing that comes later moves it.
      hub.hub.call(order_object("later-" + std::to_string(found.size())), "ProcessOrder",
                   order_body());
    }
  } while (!cursor.empty());
  CHECK(found.size() == std::set<std::string>(found.begin(), found.end()).size());
  if (sort == "created") {
    CHECK(std::set<std::string>(found.begin(), found.end()) == expected);
    CHECK(std::is_sorted(found.rbegin(), found.rend()));
  }
  CHECK(hub.ask("/admin/orders?cursor=abc").status == 400);
}

TEST_CASE("a customer's orders are found by e-mail or phone, which are in no URL",
          "[admin][lists]") {
  admin_hub hub;
  hub.hub.call(order_object("a"), "ProcessOrder", order_body());
  auto of_bob = order_body();
  const std::string ada = R"("email":"ada@example.com","name":"Ada Lovelace")";
  of_bob.replace(of_bob.find(ada), ada.size(),
                 R"("email":"Bob@Example.com","name":"Bob B","phone":"+12175550100")");
  hub.hub.call(order_object("b"), "ProcessOrder", of_bob);
  REQUIRE(hub.hub.run());
  using list = std::vector<std::string>;
  CHECK(keys(searched(hub, {{"email", "ADA@example.com"}})) == list{"a"});
  CHECK(keys(searched(hub, {{"email", "bob@example.com"}, {"status", "confirmed"}})) == list{"b"});
  CHECK(keys(searched(hub, {{"email", "bob@example.com"}, {"open", true}})).empty());
  CHECK(keys(searched(hub, {{"phone", "+1 217 555 0100"}})) == list{"b"});
  CHECK(keys(searched(hub, {{"email", "nobody@example.com"}})).empty());
  const auto refused = [&](const std::string& body) {
    const auto r =
        hub.send(post("/admin/orders/search", body, "Content-Type: application/json\r\n"));
    CHECK(schema_problems(admin_openapi(), "problem", r.body).empty());
    return r.status;
  };
  for (const auto* body :
       {"", "[]", "{}", R"({"email":"a@b.example","phone":"1"})", R"({"email":["a"]})",
        R"({"email":"a@b.example","nonsense":1})", R"({"email":"a@b.example","limit":501})",
        R"({"email":"a@b.example","status":"none"})"}) {
    CAPTURE(body);
    CHECK(refused(body) == 400);
  }
  CHECK(refused('"' + std::string(70'000, 'a') + '"') == 413);
  // A key of that name is an order like any other.
  CHECK(hub.ask("/admin/orders/search").status == 404);
  for (const auto* query : {"q=ada%40example.com", "key_prefix=a%40b.example"})
    CHECK(hub.ask(std::string("/admin/orders?") + query).status == 400);
  // No table has the address but those that always had it.
  for (const auto t : {journal::table::ls, journal::table::rf, journal::table::ix})
    for (const auto& [key, value] : hub.hub.store.contents(t))
      for (const auto* part : {"bob@", "Bob@", "ada@", "2175550100"}) {
        CHECK(key.find(part) == std::string::npos);
        CHECK(value.find(part) == std::string::npos);
      }
}

TEST_CASE("the summary counts orders as the lists have them", "[admin][lists]") {
  admin_hub hub(with_faults(lost_label));
  three_orders(hub);
  const auto j = checked(hub.ask("/admin/summary"), "summary");
  CHECK(j["orders"] == 3);
  CHECK(j["by_status"]["confirmed"] == 3);
  CHECK(j["in_doubt"] == 1);
  CHECK(j["stuck"] == 0);
  CHECK(j["by_vendor"]["shippo"] == 1);
  CHECK(j["today"]["orders"] == 3);
  CHECK(j["today"]["money"][0]["charged"] == 3 * 4'250);
  CHECK(j["complete"] == true);
  CHECK(j["indexing"].is_null());
}

TEST_CASE("the ids of an order's steps lead to it without webhooks", "[admin][lists]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto order = hub.hub.order("1").body;
  for (const auto* name : {"paymentIntentId", "chargeId", "labelId", "trackingNumber"}) {
    CAPTURE(name);
    const auto id = field(order, name);
    REQUIRE_FALSE(id.empty());
    const auto r = checked(hub.ask("/admin/lookup?q=" + id), "lookup");
    REQUIRE(r["matches"].size() == 1);
    CHECK(r["matches"][0]["key"] == "1");
  }
}

TEST_CASE("a vendor's own id of a call leads to its order, before it is folded or after",
          "[admin][lists][answers]") {
  admin_hub hub;
  for (const char* key : {"1", "2"})
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  std::vector<std::string> named;
  const auto explained = json::parse(hub.ask("/admin/orders/1/explain").body);
  for (const auto& step : explained["steps"])
    for (const auto& attempt : step["attempts"])
      if (attempt["vendor_request_id"].is_string())
        named.push_back(attempt["vendor_request_id"]);
  REQUIRE(named.size() >= 2);
  for (int look = 0; look < 2; ++look) {
    for (const auto& id : named) {
      CAPTURE(look, id);
      const auto r = checked(hub.ask("/admin/lookup?q=" + id), "lookup");
      CHECK(r["complete"] == true);
      REQUIRE(r["matches"].size() == 1);
      CHECK(r["matches"][0]["key"] == "1");
      const auto stored = hub.hub.stored().answered_as(id, 1); // Not only among the newest calls.
      REQUIRE(stored);
      REQUIRE(stored->found.size() == 1);
      CHECK(stored->found[0].object.key == "1");
    }
    CHECK(checked(hub.ask("/admin/lookup?q=req_nobody"), "lookup")["complete"] == true);
    hub.hub.fold();
  }
}

TEST_CASE("a page looks at no more rows than it may, and says where it ended", "[admin][lists]") {
  admin_hub hub;
  for (int i = 0; i < 9; ++i)
    hub.hub.call(order_object("o-" + std::to_string(i)), "ProcessOrder", order_body());
  const host::operator_view view({.journal = hub.hub.stored(),
                                  .tables = hub.hub.store,
                                  .time = hub.hub.time,
                                  .services = hub.hub.services(),
                                  .vendors = {},
                                  .waiting = {},
                                  .health = {}});
  std::size_t looked_at = 0;
  const handlers::list_reader reader{
      [&](const auto& behind, std::size_t rows, std::size_t most, const auto& take) {
        auto page = view.listed(behind, rows, most, take);
        looked_at += page->scanned;
        return page;
      },
      {},
      {},
      {},
      [&](const object_id& id) { return view.object(id); }};
  handlers::order_filter filter;
  filter.key_contains = "o-0";
  std::optional<journal::listing_place> behind;
  std::vector<std::string> found;
  for (int pages = 0; pages < 4; ++pages) {
    looked_at = 0;
    const auto page =
        handlers::list_orders(filter, reader, behind, 50, hub.hub.time.wall_ms(), 0, {4, 100});
    REQUIRE(page);
    CHECK(looked_at <= 4);
    for (const auto& item : page->items)
      found.push_back(item.key);
    behind = page->next;
    CHECK(page->is_complete == !behind.has_value());
    if (!behind)
      break;
  }
  CHECK_FALSE(behind);
  CHECK(found == std::vector<std::string>{"o-0"});
}

TEST_CASE("times in UTC are read as they are shown", "[admin][lists]") {
  CHECK(utc_time_in("1970-01-01T00:00:00.001Z") == 1);
  CHECK(utc_time_in("1970-01-02") == 86'400'000);
  CHECK(utc_time_in("2023-11-14T22:13:20Z") == 1'700'000'000'000);
  CHECK(utc_time_in("2024-02-29T23:59:59Z") == 1'709'251'199'000);
  for (const auto* text :
       {"", "now", "2023-11-31", "2023-11-14T24:00:00Z", "2023-11-14T22:13:20", "1969-12-31",
        "2023-11-14T22:13:20+01:00", "2026-02-29T00:00:00Z", "2026-11-24T11:00:00.25Z",
        "2026-11-24 11:00:00Z", "2026-1-24T011:00:00Z", "20x6-11-24T11:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(utc_time_in(text));
  }
}

TEST_CASE("finished calls of later requests are told", "[admin][lists]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  hub.hub.call(order_object("1"), "RefundOrder", R"({"refundId":"r-1","amount":100})");
  REQUIRE(hub.hub.run());
  const auto j = json::parse(hub.ask("/admin/orders/1").body);
  std::set<std::string> handlers;
  for (const auto& i : j["invocations"])
    handlers.insert(i["handler"]);
  INFO(j["invocations"].dump());
  CHECK(handlers.contains("ProcessOrder"));
  CHECK(handlers.contains("RefundOrder"));
  const auto explained = json::parse(hub.ask("/admin/orders/1/explain").body);
  INFO(explained["gaps"].dump());
  CHECK(explained["gaps"].empty());
}

} // namespace orderhub::testing
