#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "http_gateway/admin/journal_records.hpp"
#include "http_gateway/admin/masked.hpp"
#include "journal/base/text.hpp"
#include "journal/key.hpp"
#include "journal/store.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;

namespace {

json described() {
  return json::parse(admin_openapi());
}

/// A path of the table with values in its places.
std::string filled(const admin_route& route, const std::string& key = "1",
                   const std::string& ref = "label") {
  std::string path(route.path);
  for (const auto& [place, value] : {std::pair<std::string, std::string>{"{key}", key},
                                     {"{vendor}", "stripe"},
                                     {"{ref}", ref},
                                     {"{n}", "1"},
                                     {"{step}", "label"},
                                     {"{id}", "stripe:evt_1"}})
    if (const auto at = path.find(place); at != std::string::npos)
      path.replace(at, place.size(), value);
  for (const auto& p : route.query)
    if (p.is_needed)
      path += '?' + std::string(p.name) + "=1";
  return path;
}

/// Its path is shown and acted on.
bool takes_both(const admin_route& route) {
  const auto routes = admin_routes();
  return std::any_of(routes.begin(), routes.end(), [&](const auto& other) {
    return other.path == route.path && other.method != route.method;
  });
}

std::string query_sign(const std::string& target) {
  return target.find('?') == std::string::npos ? "?" : "&";
}

void is_problem(const raw_response& r, int status, const std::string& reason) {
  INFO(r.body);
  CHECK(r.status == status);
  CHECK(schema_problems(admin_openapi(), "problem", r.body).empty());
  const auto j = json::parse(r.body, nullptr, false);
  REQUIRE(j.is_object());
  CHECK(j["reason"] == reason);
  CHECK(j["code"] == status);
  CHECK(r.headers.count("x-request-id") == 1);
}

/// An event of which the hub has no use, so that there is one to show.
void receive_one(admin_hub& hub) {
  handlers::receipt r;
  r.vendor = "stripe";
  r.what.id = "evt_1";
  r.what.type = "customer.created";
  r.received_at = hub.hub.time.wall_ms();
  r.body = "{}";
  REQUIRE(event_sender(hub.hub).deliver(r) == 202);
}

/// A dry run.
raw_response tried(const admin_hub& hub, const admin_route& route, const std::string& target) {
  json body = json::object();
  for (const auto& p : route.members)
    if (p.is_needed)
      body[std::string(p.name)] = p.takes.empty()
                                      ? std::string("a reason")
                                      : std::string(p.takes.substr(0, p.takes.find('|')));
  return hub.act(target + "?dry_run=true", body.dump());
}

/// A request of a route; a search has somebody to look for.
std::string request_for(const admin_route& route, const std::string& target,
                        const std::string& headers = {}) {
  return route.method == "GET" ? get(target, headers)
                               : post(target, R"({"email":"ada@example.com"})",
                                      "Content-Type: application/json\r\n" + headers);
}

/// Its first step, one with an answer before others; null: it has none.
json a_step(const admin_hub& hub, const std::string& key) {
  const auto steps = json::parse(hub.ask("/admin/orders/" + key + "/explain").body)["steps"];
  for (const auto& step : steps)
    if (!step["attempts"].empty())
      return step;
  return steps.empty() ? json(nullptr) : steps[0];
}

/// All JSON pages of a hub as it stands now.
void all_are_described(const admin_hub& hub, const std::string& key = "1") {
  const auto step = a_step(hub, key);
  const bool has_answer = !step.is_null() && !step["attempts"].empty();
  for (const auto& route : admin_routes()) {
    if (route.act != nullptr || route.streams || route.is_session ||
        route.path.starts_with("/admin/bulk/{id}"))
      continue; // They have tests of their own.
    const bool is_of_step = route.path.find("{ref}") != std::string_view::npos;
    const auto target =
        filled(route, key, step.is_null() ? "label" : step["ref"].get<std::string>());
    CAPTURE(target);
    if (is_of_step && step.is_null()) {
      is_problem(hub.ask(target), 404, "no_such_step");
      continue;
    }
    if (route.schema == "step_answer" && !has_answer) {
      is_problem(hub.ask(target), 404, "no_such_answer");
      continue;
    }
    const bool is_of_event = route.path.find("{id}/assign") != std::string_view::npos;
    const auto r =
        route.operate == nullptr ? hub.send(request_for(route, target)) : tried(hub, route, target);
    if (is_of_event) { // There is no such order here.
      is_problem(r, 404, "no_such_order");
      continue;
    }
    INFO(r.body);
    REQUIRE(r.status == 200);
    CHECK(r.headers.at("content-type") == "application/json");
    CHECK(r.headers.at("x-orderhub-api") == "1");
    CHECK(r.headers.at("cache-control") == "no-store");
    const auto problems = schema_problems(admin_openapi(), route.schema, r.body);
    INFO(joined(problems));
    CHECK(problems.empty());
    if (route.schema == "step_request")
      continue; // It is for who may see that.
    for (const char* part : {"Ada", "Lovelace", "ada@", "Main St", "Springfield", "62701"}) {
      CAPTURE(part);
      CHECK(r.body.find(part) == std::string::npos);
    }
  }
}

json page(const admin_hub& hub, const std::string& target) {
  const auto r = hub.ask(target);
  INFO(r.body);
  REQUIRE(r.status == 200);
  return json::parse(r.body);
}

constexpr const char* lost_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})";

} // namespace

// ── The document ────────────────────────────────────────────────────────────────────────────

TEST_CASE("the admin API's table and its document are the same", "[admin][openapi]") {
  const auto document = described();
  CHECK(document["openapi"].get<std::string>().starts_with("3.1"));
  std::set<std::string> in_table, in_document;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, operation] : methods.items())
      in_document.insert(method + ' ' + path);
  for (const auto& route : admin_routes()) {
    const bool reads = route.method == "GET";
    const std::string method = reads ? "get" : "post"; // As the document writes it.
    REQUIRE((reads || route.method == "POST"));
    REQUIRE((route.answer != nullptr) + (route.act != nullptr) + (route.operate != nullptr) +
                route.streams + route.is_session ==
            1);
    const bool asks = route.answer != nullptr || route.streams || route.is_session;
    REQUIRE(asks >= reads);
    REQUIRE(route.body.empty() == (reads || route.operate != nullptr || route.is_session));
    CAPTURE(route.path);
    in_table.insert(method + ' ' + std::string(route.path));
    const auto& operation = document["paths"][std::string(route.path)][method];
    CHECK(operation["x-role"] == name_of(route.role));
    const auto* media = route.streams ? "text/event-stream" : "application/json";
    const auto& answer =
        operation["responses"][asks ? "200" : "202"]["content"][media]["schema"]["$ref"];
    if (!route.body.empty())
      CHECK(operation["requestBody"]["content"]["application/json"]["schema"]["$ref"] ==
            "#/components/schemas/" + std::string(route.body));
    CHECK(answer == "#/components/schemas/" + std::string(route.schema));
    if (!asks) {
      const auto& plan =
          operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
      CHECK(plan == answer);
    }
    if (route.operate != nullptr) {
      const auto& body = operation["requestBody"]["content"]["application/json"]["schema"];
      std::set<std::string> members, needed, described_members;
      for (const auto& p : route.members) {
        members.insert(std::string(p.name));
        if (p.is_needed)
          needed.insert(std::string(p.name));
      }
      for (const auto& [name, schema] : body["properties"].items())
        described_members.insert(name);
      CHECK(members == described_members);
      CHECK(needed == body["required"].get<std::set<std::string>>());
    }
    std::set<std::string> parameters, described_parameters;
    for (const auto& p : route.query)
      parameters.insert(std::string(p.name) + (p.is_needed ? " needed " : " ") +
                        std::string(p.fallback));
    for (const auto& p : operation["parameters"]) {
      const auto name = p["name"].get<std::string>();
      if (p["in"] == "header")
        continue;
      if (p["in"] == "path") {
        CHECK(route.path.find('{' + name + '}') != std::string_view::npos);
        continue;
      }
      const auto fallback = p["schema"].value("default", json(""));
      described_parameters.insert(
          name + (p.value("required", false) ? " needed " : " ") +
          (fallback.is_string() ? fallback.get<std::string>() : fallback.dump()));
      if (p["schema"].contains("enum")) {
        std::string words;
        for (const auto& w : p["schema"]["enum"])
          words += (words.empty() ? "" : "|") + w.get<std::string>();
        const auto known = std::find_if(route.query.begin(), route.query.end(),
                                        [&](const auto& q) { return q.name == name; });
        REQUIRE(known != route.query.end());
        CHECK(known->takes == words);
      }
    }
    CHECK(parameters == described_parameters);
  }
  CHECK(in_table == in_document);
}

TEST_CASE("what the document refers to is in it, and every schema is used", "[admin][openapi]") {
  const auto document = described();
  std::set<std::string> used;
  const std::function<void(const json&)> walk = [&](const json& value) {
    if (value.is_object() && value.contains("$ref")) {
      const auto ref = value["$ref"].get<std::string>();
      CAPTURE(ref);
      CHECK(document.contains(json::json_pointer(ref.substr(1))));
      used.insert(ref.substr(ref.rfind('/') + 1));
    }
    if (value.is_structured())
      for (const auto& member : value)
        walk(member);
  };
  walk(document);
  for (const auto& [name, schema] : document["components"]["schemas"].items()) {
    CAPTURE(name);
    CHECK(used.contains(name));
    if (schema["type"] == "object") // A member that is not described is seen.
      CHECK(schema["additionalProperties"] == false);
  }
}

TEST_CASE("every reason of a refusal is in the document, and no other", "[admin][openapi]") {
  std::set<std::string> known;
  for (std::size_t i = 0; i < admin_reason_count; ++i)
    known.insert(std::string(name_of(static_cast<admin_reason>(i))));
  const auto document = described();
  const auto& listed = document["components"]["schemas"]["problem"]["properties"]["reason"]["enum"];
  CHECK(std::set<std::string>(listed.begin(), listed.end()) == known);
  const auto& told = document["components"]["x-reasons"];
  CHECK(told.size() == admin_reason_count);
  for (std::size_t i = 0; i < admin_reason_count; ++i) {
    const auto reason = static_cast<admin_reason>(i);
    CAPTURE(name_of(reason));
    const auto& row = told[std::string(name_of(reason))];
    CHECK(row["status"] == status_of(reason));
    CHECK(row["sentence"] == sentence_of(reason));
  }
}

TEST_CASE("what the server refuses by itself is in the form of all refusals", "[admin][openapi]") {
  const admin_hub hub;
  is_problem(hub.send("GET /admin HTTP/1.1\r\n\r\n"), 400, "malformed_request");
  is_problem(hub.send("GET /admin HTTP/2.0\r\nHost: localhost\r\n\r\n"), 505, "unknown_version");
  is_problem(hub.send(get("/admin", "X-Long: " + std::string(20'000, 'x') + "\r\n")), 431,
             "headers_too_large");
  is_problem(hub.send(std::string(40, 'M') + " /admin HTTP/1.1\r\nHost: localhost\r\n\r\n"), 501,
             "unknown_method");
  // And outside of /admin.
  is_problem(hub.ask("/nothing"), 404, "no_such_path");
  is_problem(hub.send(post("/metrics", "{}")), 405, "wrong_method");
  const auto metrics = hub.ask("/metrics", "X-Request-Id: mine\r\n");
  CHECK(metrics.status == 200);
  CHECK(metrics.headers.at("x-request-id") == "mine");
}

TEST_CASE("each page is as the document says, wherever an order stands", "[admin][openapi]") {
  SECTION("while its charge is out") {
    admin_hub hub;
    receive_one(hub);
    hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(hub.hub.run_until([](world& w) { return w.calling("stripe", "payment_intents"); }));
    all_are_described(hub);
  }
  SECTION("while its label is in doubt") {
    admin_hub hub(with_faults(lost_label));
    receive_one(hub);
    hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
    hub.hub.run(20'000);
    REQUIRE(field(hub.hub.order("1").body, "in_doubt").find("label") != std::string::npos);
    all_are_described(hub);
  }
  SECTION("when it is done") {
    admin_hub hub;
    receive_one(hub);
    hub.hub.call(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(hub.hub.run());
    all_are_described(hub);
  }
  SECTION("under a key that is hard on markup, paths and texts") {
    admin_hub hub;
    receive_one(hub);
    const std::string key = R"(<img src=x onerror="a">/%2e?#ü'\)";
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
    REQUIRE(hub.hub.run());
    all_are_described(hub, "%3Cimg%20src=x%20onerror=%22a%22%3E%2F%252e%3F%23%C3%BC'%5C");
    const auto shown =
        hub.ask("/admin/orders/%3Cimg%20src=x%20onerror=%22a%22%3E%2F%252e%3F%23%C3%BC'%5C/"
                "explain?format=markdown");
    CHECK(shown.status == 200);
    CHECK(shown.body.find("\\<img") != std::string::npos);
  }
}

// ── What is refused ─────────────────────────────────────────────────────────────────────────

TEST_CASE("what no route takes is refused, and what was meant is named", "[admin]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  for (const auto& route : admin_routes()) {
    const auto target = filled(route);
    CAPTURE(target);
    if (route.method == "POST") {
      is_problem(hub.act(target + "?nonsense=1", "{}"), 400, "unknown_parameter");
      if (!route.query.empty())
        is_problem(hub.act(target + "?dry_run=perhaps", "{}"), 400, "invalid_parameter");
      if (route.answer == nullptr && !takes_both(route)) // "search" may be an order's key.
        is_problem(hub.ask(target), 405, "wrong_method");
      is_problem(hub.send(post(target, "{}")), 415, "wrong_content_type");
      if (route.operate == nullptr)
        continue;
      for (const char* body : {"", "[]", "{", R"({"reason":"a reason","nonsense":"1"})",
                               R"({"reason":"four"})", R"({"reason":5})", "{}"})
        is_problem(hub.act(target, body), 400, "invalid_body");
      continue;
    }
    is_problem(hub.ask(target + query_sign(target) + "nonsense=1"), 400, "unknown_parameter");
    if (!takes_both(route))
      is_problem(hub.act(target, "{}"), 405, "wrong_method");
    for (const auto& p : route.query) {
      const auto twice = filled(route) + query_sign(target) + std::string(p.name) + "=1&" +
                         std::string(p.name) + "=1";
      CHECK(hub.ask(twice).status == 400);
      if (!p.takes.empty())
        is_problem(hub.ask(target + query_sign(target) + std::string(p.name) + "=x"), 400,
                   "invalid_parameter");
    }
  }
  const auto near = hub.ask("/admin/orders/1/journal?limits=5");
  is_problem(near, 400, "unknown_parameter");
  CHECK(json::parse(near.body)["details"]["nearest"] == "limit");
  CHECK(json::parse(near.body)["field"] == "limits");

  // A guess only where it is near.
  const auto far = hub.ask("/admin/lookup?foo=1");
  is_problem(far, 400, "unknown_parameter");
  CHECK(json::parse(far.body)["details"].empty());
  CHECK(json::parse(far.body)["message"] ==
        "There is no query parameter of that name here; it takes q.");

  is_problem(hub.ask("/admin/orders/2"), 404, "no_such_order");
  is_problem(hub.ask("/admin/orders/2/explain"), 404, "no_such_order");
  is_problem(hub.ask("/admin/orders/2/journal"), 404, "no_such_order");
  is_problem(hub.ask("/admin/vendors/nobody"), 404, "no_such_vendor");
  is_problem(hub.ask("/admin/nothing"), 404, "no_such_path");
  is_problem(hub.ask("/admin/orders/1/journal?kinds=effect,nothing"), 400, "invalid_parameter");
  is_problem(hub.ask("/admin/orders/1/journal?limit=0"), 400, "invalid_parameter");
  is_problem(hub.ask("/admin/orders/1/journal?limit=501"), 400, "invalid_parameter");
  is_problem(hub.ask("/admin/orders/1/journal?cursor=abc"), 400, "invalid_parameter");
  is_problem(hub.ask("/admin/orders/1/journal?invocation=1"), 400, "invalid_parameter");
  is_problem(hub.ask("/admin/orders/1/journal?invocation=inv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 404,
             "no_such_invocation");
  is_problem(hub.ask("/admin/lookup"), 400, "invalid_parameter");
  const auto said = [&](const std::string& target) {
    return json::parse(hub.ask(target).body)["message"].get<std::string>();
  };
  is_problem(hub.ask("/admin/lookup?q=%zz"), 400, "invalid_parameter");
  CHECK(said("/admin/lookup?q=%ff") == "q must be UTF-8.");
  CHECK(said("/admin/lookup?q=%0a") == "q must have no control characters.");
  for (const std::size_t size : {256, 1'500})
    CHECK(said("/admin/orders?key_prefix=" + std::string(size, 'a')) ==
          "key_prefix has at most 255 bytes.");
  CHECK(said("/admin/orders/.") == "There is no order \".\".");
  const auto search = hub.send(post("/admin/orders/search", "{}"));
  is_problem(search, 415, "wrong_content_type");
  CHECK(search.body.find("A POST needs") != std::string::npos);
  is_problem(hub.ask("/admin/lookup?q=ada%40example.com"), 400, "personal_data");
  for (const char* path : {"/admin/orders/%zz", "/admin/orders//explain", "/admin/orders/%00",
                           "/admin/orders/%ff", "/admin/orders/a%0Ab"})
    is_problem(hub.ask(path), 400, "malformed_path");
  is_problem(hub.ask("/admin/orders/" + std::string(256, 'a')), 400, "malformed_path");
}

TEST_CASE("the admin token is asked for on every path, and other hosts without one are refused",
          "[admin]") {
  admin_hub closed({}, "a-token");
  const admin_hub open;
  for (const auto& route : admin_routes()) {
    const auto target = filled(route);
    CAPTURE(target);
    if (route.operate != nullptr) {
      is_problem(closed.act(target, R"({"reason":"a reason"})"), 401, "unauthorized");
      is_problem(open.act(target, R"({"reason":"a reason"})", "Origin: https://evil.example\r\n"),
                 403, "foreign_origin");
      continue;
    }
    const auto refused = closed.send(request_for(route, target));
    is_problem(refused, 401, "unauthorized");
    CHECK(refused.headers.at("www-authenticate") == "Bearer");
    const auto with = [&](const char* header) { return request_for(route, target, header); };
    CHECK(closed.send(with("Authorization: Bearer a-token\r\n")).status != 401);
    is_problem(closed.send(with("Authorization: Bearer another\r\n")), 401, "unauthorized");
    closed.hub.time.advance(60'000); // So that the address is looked at again.
    is_problem(open.send(std::string(route.method) + ' ' + target +
                         " HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n"),
               403, "forbidden");
    is_problem(open.send(with("Origin: https://evil.example\r\n")), 403, "foreign_origin");
  }
}

TEST_CASE("every answer has a request id, an order its version", "[admin]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  CHECK(hub.ask("/admin", "X-Request-Id: mine-1\r\n").headers.at("x-request-id") == "mine-1");
  CHECK(hub.ask("/admin", "X-Request-Id: with space\r\n")
            .headers.at("x-request-id")
            .starts_with("req_"));
  const auto order = hub.ask("/admin/orders/1");
  const auto version = json::parse(order.body)["version"].dump();
  CHECK(order.headers.at("etag") == '"' + version + '"');
  const auto head = hub.send("HEAD /admin/orders/1 HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == std::to_string(order.body.size()));
}

// ── What is shown ───────────────────────────────────────────────────────────────────────────

TEST_CASE("an order's page says what GetOrder says, and masks the customer", "[admin]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto j = page(hub, "/admin/orders/1");
  const auto order = hub.hub.order("1").body;
  CHECK(j["status"] == field(order, "status"));
  CHECK(j["label_id"] == field(order, "labelId"));
  CHECK(j["tracking_number"] == field(order, "trackingNumber"));
  CHECK(j["created_at"] == field(order, "createdAt"));
  CHECK(j["money"]["charged"] == 4'250);
  CHECK(j["money"]["charged_text"] == "42.50 USD");
  CHECK(j["customer"] == "A… L… <a…@example.com>");
  CHECK(j["open"].empty());
}

TEST_CASE("a customer's name and address are masked to their first letters", "[admin]") {
  CHECK(masked_customer("Ada Lovelace", "ada@example.com") == "A… L… <a…@example.com>");
  CHECK(masked_customer("", "ada@example.com") == "<a…@example.com>");
  CHECK(masked_customer("  Ünal  ", "") == "Ü…");
  CHECK(masked_customer("", "") == "");
  CHECK(masked_customer("A", "no-address") == "A… <n…>");
}

TEST_CASE("an order's records come in pages that hold each of them once", "[admin]") {
  admin_hub hub(with_faults(lost_label));
  hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  const std::string sort = GENERATE(as<std::string>(), "oldest", "newest");
  CAPTURE(sort);
  const auto all = page(hub, "/admin/orders/1/journal?limit=500&sort=" + sort)["records"];
  REQUIRE(all.size() > 10);
  json paged = json::array();
  std::string cursor;
  do {
    const auto one = page(hub, "/admin/orders/1/journal?limit=3&sort=" + sort +
                                   (cursor.empty() ? "" : "&cursor=" + cursor));
    CHECK(one["records"].size() <= 3);
    for (const auto& r : one["records"])
      paged.push_back(r);
    cursor = one["next"].is_string() ? one["next"].get<std::string>() : "";
    if (!cursor.empty()) // With other filters it is foreign.
      CHECK(hub.ask("/admin/orders/1/journal?kinds=effect&cursor=" + cursor).status == 400);
  } while (!cursor.empty());
  CHECK(paged == all);

  const auto effects = page(hub, "/admin/orders/1/journal?kinds=effect,effect_note");
  for (const auto& r : effects["records"])
    CHECK(r["kind"].get<std::string>().starts_with("effect"));
  const auto id = all.front()["invocation"].get<std::string>();
  const auto own = page(hub, "/admin/orders/1/journal?invocation=" + id);
  for (const auto& r : own["records"])
    CHECK(r["invocation"] == id);
}

TEST_CASE("what people did to an order stands in its place among its records", "[admin]") {
  admin_hub hub(with_faults(lost_label));
  hub.hub.ask(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  constexpr const char* reason = R"({"reason":"case 8812"})";
  for (const char* action : {"pause", "resume"})
    REQUIRE(hub.act("/admin/orders/1/" + std::string(action), reason).status == 202);
  const auto people = page(hub, "/admin/orders/1/journal?kinds=operator");
  CHECK(schema_problems(admin_openapi(), "journal", people.dump()).empty());
  std::vector<std::string> done;
  for (const auto& r : people["records"]) {
    CHECK(r["kind"] == "operator");
    CHECK(r["reason"] == "case 8812");
    CHECK(r["who"] == "loopback");
    CHECK(r["invocation"].is_null());
    if (r["object"] == "OrderOrchestrator/1")
      done.push_back(r["action"].get<std::string>());
  }
  CHECK(done == std::vector<std::string>{"pause", "resume"});

  // In pages they come once, beside all others by time.
  const std::string sort = GENERATE(as<std::string>(), "oldest", "newest");
  const auto all = page(hub, "/admin/orders/1/journal?limit=500&raw=1&sort=" + sort)["records"];
  CHECK(std::count_if(all.begin(), all.end(), [](const auto& r) {
          return r["kind"] == "operator";
        }) == static_cast<std::ptrdiff_t>(people["records"].size()));
  json paged = json::array();
  std::string cursor;
  do {
    const auto one = page(hub, "/admin/orders/1/journal?limit=3&raw=1&sort=" + sort +
                                   (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& r : one["records"])
      paged.push_back(r);
    cursor = one["next"].is_string() ? one["next"].get<std::string>() : "";
  } while (!cursor.empty());
  CHECK(paged == all);
}

TEST_CASE("payloads are shown where they are asked for", "[admin]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  CHECK(hub.ask("/admin/orders/1/journal").body.find("base64url") == std::string::npos);
  const auto whole = page(hub, "/admin/orders/1/journal?limit=500&raw=1");
  CHECK(schema_problems(admin_openapi(), "journal", whole.dump()).empty());
  std::string all;
  for (const auto& r : whole["records"]) {
    std::string bytes;
    REQUIRE(from_base64url(r["base64url"].get<std::string>(), bytes));
    if (r["kind"] == "input")
      CHECK(bytes.size() == r["body_bytes"].get<std::size_t>());
    all += bytes;
  }
  CHECK(all.find("Lovelace") != std::string::npos);
}

TEST_CASE("a page has no more payloads than fit into it, and a large one alone", "[admin]") {
  admin_hub hub;
  const hub_description about;
  const host::operator_view view({.journal = hub.hub.stored(),
                                  .tables = hub.hub.store,
                                  .time = hub.hub.time,
                                  .services = hub.hub.services(),
                                  .vendors = {},
                                  .waiting = {},
                                  .health = {}});
  const admin_sources from{view, about};
  handlers::order_objects objects;
  objects.key = "1";
  journal::object_state state;
  state.id = order_object("1");
  journal::invocation_state one;
  one.accepted_at = 1;
  for (const unsigned mib : {1U, 3U, 5U, 2U, 2U, 1U}) // The input is an empty one before them.
    one.entries.push_back({journal::record_kind::run, static_cast<unix_ms>(one.entries.size()) + 2,
                           0, std::string(mib << 20U, 'x')});
  state.live.push_back(one);
  objects.states.push_back(state);
  auto call = std::get<0>(admin_call_of("GET", "/admin/orders/1/journal?raw=1&limit=500"));
  std::vector<std::size_t> sizes;
  do {
    const auto read = page_of_records(objects, call, from);
    REQUIRE(std::holds_alternative<record_page>(read));
    const auto& found = std::get<record_page>(read);
    sizes.push_back(found.records.size());
    call.query["cursor"] = found.next;
  } while (!call.query["cursor"].empty());
  CHECK(sizes == std::vector<std::size_t>{3, 1, 2, 1});
}

TEST_CASE("the journal's files and their backups are shown as they stand",
          "[admin][journal_files]") {
  admin_hub hub;
  const auto at = hub.hub.time.wall_ms();
  SECTION("without any backup") {
    const auto backups = page(hub, "/admin/journal")["backups"];
    for (const auto* nothing : {"last_success_at", "age_ms", "backup_dir", "running", "last"})
      CHECK(backups[nothing].is_null());
  }
  SECTION("with one that runs, one that failed and one that is whole") {
    auto& told = hub.files.told;
    told.backup_dir = "/var/backups";
    told.last_backup_at = at - 5'000;
    told.running = {"/var/backups/orderhub-3", at - 100, 0, 0, {}};
    told.last = {"/var/backups/orderhub-2", at - 900, at - 400, 0, "the disk is full"};
    told.copies = {at,
                   {{"orderhub-3", 100, 0, false}, {"orderhub-1", 4'096, at - 5'000, true}},
                   9,
                   false,
                   1'000};
    const auto r = hub.ask("/admin/journal");
    CHECK(joined(schema_problems(admin_openapi(), "journal_files", r.body)) == "");
    const auto backups = json::parse(r.body)["backups"];
    CHECK(backups["age_ms"] == 5'000);
    CHECK(backups["running"]["ended_at"].is_null());
    CHECK(backups["last"]["took_ms"] == 500);
    CHECK(backups["last"]["failed"] == "the disk is full");
    CHECK(backups["copies"][0]["made_at"].is_null());
    CHECK(backups["copies"][1]["whole"] == true);
    CHECK(backups["complete"] == false);
  }
  SECTION("whose tables cannot be read") {
    hub.files.told.failed = "a page is damaged";
    is_problem(hub.ask("/admin/journal"), 500, "unreadable");
  }
}

TEST_CASE("a backup is begun once for each word, and never by a dry run",
          "[admin][journal_files]") {
  admin_hub hub;
  const std::string why = R"({"reason":"before the upgrade"})";
  const auto plan = hub.act("/admin/journal/backup?dry_run=true", why);
  CHECK(plan.status == 200);
  CHECK(json::parse(plan.body)["plan"]["room_needed_bytes"] == 67'112'960);
  CHECK(hub.files.begun == 0);
  const auto done = hub.act("/admin/journal/backup", why);
  CHECK(done.status == 202);
  CHECK(joined(schema_problems(admin_openapi(), "backup_action", done.body)) == "");
  CHECK(hub.files.begun == 1);
  const auto action = page(hub, "/admin/audit?action=backup")["actions"][0];
  CHECK(action["reason"] == "before the upgrade");
  is_problem(hub.act("/admin/journal/backup", "{}"), 400, "invalid_body");
  CHECK(hub.files.begun == 1);
  hub.files.refused = "backup_dir is not set.";
  is_problem(hub.act("/admin/journal/backup", why), 409, "not_possible");
  is_problem(hub.act("/admin/journal/backup?dry_run=true", why), 409, "not_possible");
}

TEST_CASE("a compaction is begun once for each word, and never by a dry run",
          "[admin][journal_files]") {
  admin_hub hub;
  const std::string why = R"({"reason":"a customer was erased"})";
  const auto plan = hub.act("/admin/journal/compact?dry_run=true", why);
  CHECK(plan.status == 200);
  CHECK(json::parse(plan.body)["plan"]["room_needed_bytes"] == 67'141'632);
  CHECK(hub.files.begun == 0);
  const auto done = hub.act("/admin/journal/compact", why);
  CHECK(done.status == 202);
  CHECK(joined(schema_problems(admin_openapi(), "compact_action", done.body)) == "");
  CHECK(hub.files.begun == 1);
  CHECK(page(hub, "/admin/audit?action=compact")["actions"][0]["reason"] ==
        "a customer was erased");
  is_problem(hub.act("/admin/journal/compact", "{}"), 400, "invalid_body");
  hub.files.refused = "The journal is being compacted already.";
  is_problem(hub.act("/admin/journal/compact", why), 409, "not_possible");
  CHECK(hub.files.begun == 1);
}

TEST_CASE("a compaction is shown as it goes", "[admin][journal_files]") {
  admin_hub hub;
  const auto at = hub.hub.time.wall_ms();
  CHECK(page(hub, "/admin/journal")["compaction"]["last"].is_null());
  hub.files.told.compaction = {journal::compact_stage::copying, at - 300, 0, 65'536, 4'096, 0, {}};
  const auto now = page(hub, "/admin/journal")["compaction"];
  CHECK(now["running"]["stage"] == "copying");
  CHECK(now["running"]["after_bytes"].is_null());
  CHECK(now["last"].is_null());
  hub.files.told.compaction = {
      journal::compact_stage::ended, at - 300, at, 65'536, 40'960, 40'960, "Somebody copies."};
  const auto r = hub.ask("/admin/journal");
  CHECK(joined(schema_problems(admin_openapi(), "journal_files", r.body)) == "");
  const auto after = json::parse(r.body)["compaction"];
  CHECK(after["running"].is_null());
  CHECK(after["last"]["took_ms"] == 300);
  CHECK(after["last"]["after_bytes"] == 40'960);
  CHECK(after["last"]["failed"] == "Somebody copies.");
}

TEST_CASE("providers is another word for vendors", "[admin]") {
  admin_hub hub;
  for (const std::string path : {"", "/stripe", "/stripe/calls", "/stripe/series?range=1h"})
    CHECK(page(hub, "/admin/providers" + path) == page(hub, "/admin/vendors" + path));
  CHECK(hub.act("/admin/providers/stripe/pause", R"({"reason":"a test"})").status == 202);
  CHECK(page(hub, "/admin/vendors/stripe")["state"] == "paused_by_operator");
}

TEST_CASE("an id on a ticket leads to its order", "[admin]") {
  world_settings s;
  s.orders.payment_events = s.orders.label_events = true;
  admin_hub hub(s);
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto order = hub.hub.order("1").body;
  const auto invocation =
      page(hub, "/admin/orders/1/journal?limit=1")["records"][0]["invocation"].get<std::string>();
  for (const auto& q : {std::string("1"), field(order, "paymentIntentId"), field(order, "labelId"),
                        field(order, "trackingNumber"), invocation}) {
    CAPTURE(q);
    const auto matches = page(hub, "/admin/lookup?q=" + q)["matches"];
    const auto is_it = [](const json& m) { return m["kind"] == "order" && m["key"] == "1"; };
    CHECK(std::any_of(matches.begin(), matches.end(), is_it));
  }
  CHECK(page(hub, "/admin/lookup?q=pi_nobody")["matches"].empty());
}

TEST_CASE("an order whose row is damaged is shown as far as it can be", "[admin][damage]") {
  admin_hub hub;
  receive_one(hub);
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  {
    auto rows = hub.hub.store.begin_write(false);
    REQUIRE(rows);
    REQUIRE((*rows)->put(journal::table::ob, journal::object_key(order_object("1")), "no row"));
    REQUIRE((*rows)->commit());
  }
  const auto order = page(hub, "/admin/orders/1");
  INFO(order.dump());
  CHECK(order["state"] == "unreadable");
  CHECK(order["status"] == "unknown");
  CHECK(std::any_of(order["objects"].begin(), order["objects"].end(), [](const json& o) {
    return o["object"] == "OrderOrchestrator/1" && o["set_aside"].is_string();
  }));
  all_are_described(hub);
  const auto status = page(hub, "/admin/status");
  CHECK(status["journal"]["objects_set_aside"] == 1);
  CHECK(status["ok"] == false);
  CHECK(hub.ask("/admin/orders/1/explain?format=text").body.find("is set aside") !=
        std::string::npos);
}

TEST_CASE("a hub that is not well says so", "[admin]") {
  admin_hub hub;
  CHECK(page(hub, "/admin/status")["ok"] == true);
  hub.door.set_health({false, "The disk is full.", "commit"});
  const auto j = page(hub, "/admin/status");
  CHECK(j["ok"] == false);
  CHECK(j["accepting"] == false);
  CHECK(j["reason"] == "The disk is full.");
  CHECK(j["vendors"].size() == page(hub, "/admin/vendors")["vendors"].size());
}

} // namespace orderhub::testing
