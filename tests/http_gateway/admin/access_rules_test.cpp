#include "http_gateway/admin/admin_routes.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

// Who may do what, from where.
namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;

namespace {

admin_access_rules of_three() {
  admin_access_rules rules;
  for (const auto role : {admin_role::read, admin_role::operate, admin_role::admin})
    rules.tokens.push_back(token_of("the-" + std::string(name_of(role)), role,
                                    secret(std::string(name_of(role)) + "-token")));
  rules.public_url = "https://hub.example.com/ops";
  return rules;
}

std::string bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

std::string target_of(const admin_route& route) {
  std::string path(route.path);
  for (const auto* place : {"{key}", "{vendor}", "{ref}", "{step}", "{n}"})
    if (const auto at = path.find(place); at != std::string::npos)
      path.replace(at, std::string(place).size(), "nothing");
  for (const auto& p : route.query)
    if (p.is_needed)
      path += '?' + std::string(p.name) + "=1";
  return path;
}

std::string reason_of(const raw_response& r) {
  const auto j = json::parse(r.body, nullptr, false);
  return j.is_object() && j.contains("reason") && j["reason"].is_string()
             ? j["reason"].get<std::string>()
             : std::string();
}

raw_response tried(const admin_hub& hub, const admin_route& route, const std::string& headers) {
  return route.method == "GET" ? hub.ask(target_of(route), headers)
                               : hub.act(target_of(route), R"({"reason":"a test"})", headers);
}

} // namespace

TEST_CASE("each role may what its routes say, and no more", "[admin][access]") {
  const admin_hub hub({}, of_three());
  for (const auto& route : admin_routes())
    for (const auto role : {admin_role::read, admin_role::operate, admin_role::admin}) {
      CAPTURE(route.method, route.path, name_of(role));
      const auto r = tried(hub, route, bearer(std::string(name_of(role)) + "-token"));
      CHECK((reason_of(r) == "role_too_low") == (role < route.role));
      CHECK((r.status == 403) == (role < route.role));
    }
}

TEST_CASE("only an admin holds a breaker closed, and the word is of no other route's body",
          "[admin][access]") {
  const admin_hub hub({}, of_three());
  const auto put = [&](const char* path, const char* state, const char* who) {
    return hub.act("/admin/vendors/stripe/" + std::string(path),
                   R"({"reason":"a test","state":")" + std::string(state) + "\"}", bearer(who));
  };
  CHECK(reason_of(put("breaker", "closed", "operate-token")) == "role_too_low");
  const auto audit = json::parse(hub.ask("/admin/audit", bearer("admin-token")).body)["actions"];
  REQUIRE(audit.size() == 1);
  CHECK(audit[0]["action"] == "breaker");
  CHECK(audit[0]["target"] == "stripe");
  CHECK(audit[0]["outcome"] == "role_too_low");
  CHECK(put("breaker", "open", "operate-token").status == 202);
  CHECK(put("breaker", "closed", "admin-token").status == 202);
  CHECK(reason_of(put("pause", "closed", "operate-token")) == "invalid_body");
}

TEST_CASE("payloads of an order's records want the role operate", "[admin][access]") {
  const admin_hub hub({}, of_three());
  const std::string raw = "/admin/orders/1/journal?raw=1";
  CHECK(reason_of(hub.ask(raw, bearer("read-token"))) == "role_too_low");
  CHECK(reason_of(hub.ask(raw, bearer("operate-token"))) == "no_such_order");
  CHECK(reason_of(hub.ask("/admin/orders/1/journal?raw=0", bearer("read-token"))) ==
        "no_such_order");
}

TEST_CASE("without any token the loopback host may what the mode allows", "[admin][access]") {
  admin_access_rules live;
  live.without_token = admin_role::read;
  const admin_hub mock, with_live_key({}, live);
  for (const auto& route : admin_routes()) {
    CAPTURE(route.method, route.path);
    CHECK(tried(mock, route, {}).status != 403);
    CHECK((reason_of(tried(with_live_key, route, {})) == "role_too_low") ==
          (route.role != admin_role::read));
  }
}

TEST_CASE("at the socket the kernel says who asks, and no token does", "[admin][access]") {
  const manual_clock time;
  auto rules = of_three();
  rules.at_socket = admin_role::operate;
  admin_access access(rules, time);
  http_request request;
  request.method = "GET";
  request.add_header("authorization", "Bearer no-token-at-all");
  constexpr std::uint32_t somebody = 4'000'000'000;
  const auto own_group = static_cast<std::uint32_t>(::getegid());
  const auto asked = [&](const local_peer& who) {
    return access.caller_of(request, "", std::optional(who));
  };
  const auto root = asked({0, somebody, {}});
  REQUIRE(std::holds_alternative<admin_caller>(root));
  CHECK(std::get<admin_caller>(root).role == admin_role::admin);
  CHECK(std::get<admin_caller>(root).via == "socket");
  CHECK(std::get<admin_caller>(root).name == "root");
  const auto own = asked({static_cast<std::uint32_t>(::geteuid()), somebody, {}});
  CHECK(std::get<admin_caller>(own).role == admin_role::admin);
  for (const auto& member : {local_peer{somebody, own_group, {}},
                             local_peer{somebody, somebody, {somebody, own_group}}}) {
    const auto of_group = asked(member);
    REQUIRE(std::holds_alternative<admin_caller>(of_group));
    CHECK(std::get<admin_caller>(of_group).role == admin_role::operate);
    CHECK(std::get<admin_caller>(of_group).name == "uid 4000000000");
  }
  const auto stranger = asked({somebody, somebody, {somebody}});
  REQUIRE(std::holds_alternative<admin_problem>(stranger));
  CHECK(std::get<admin_problem>(stranger).reason == admin_reason::forbidden);
  request.add_header("origin", "https://evil.example");
  CHECK(std::holds_alternative<admin_problem>(asked({0, 0, {}})));
}

TEST_CASE("an action is taken from this origin alone, as JSON alone", "[admin][access]") {
  const admin_hub hub({}, of_three());
  const auto token = bearer("operate-token");
  const std::string target = "/admin/orders/nothing/pause";
  const std::string body = R"({"reason":"a test"})";
  const auto is_taken = [&](const std::string& headers) {
    return reason_of(hub.act(target, body, token + headers)) == "no_such_order";
  };
  CHECK(is_taken(""));
  CHECK(is_taken("Origin: http://127.0.0.1\r\n"));
  CHECK(is_taken("Origin: https://hub.example.com\r\n"));
  CHECK(is_taken("Sec-Fetch-Site: same-origin\r\n"));
  CHECK(is_taken("Sec-Fetch-Site: none\r\n"));
  for (const char* foreign :
       {"Origin: https://evil.example\r\n", "Origin: null\r\n",
        "Origin: https://hub.example.com.evil.example\r\n", "Origin: http://127.0.0.1:81\r\n",
        "Origin: http://127.0.0.1\r\nOrigin: http://127.0.0.1\r\n",
        "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"}) {
    CAPTURE(foreign);
    const auto r = hub.act(target, body, token + foreign);
    CHECK(r.status == 403);
    CHECK(reason_of(r) == "foreign_origin");
    CHECK(r.headers.count("access-control-allow-origin") == 0);
  }
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    const auto r =
        hub.send("POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + token +
                 (*type != 0 ? std::string("Content-Type: ") + type + "\r\n" : std::string()) +
                 "Content-Length: 2\r\n\r\n{}");
    CAPTURE(type);
    CHECK(r.status == 415);
    CHECK(reason_of(r) == "wrong_content_type");
  }
  const auto options =
      hub.send("OPTIONS " + target + " HTTP/1.1\r\nHost: localhost\r\n" + token + "\r\n");
  CHECK(options.status == 405);
  CHECK(options.headers.at("allow") == "POST");
  CHECK(options.headers.count("access-control-allow-methods") == 0);
  CHECK(reason_of(hub.act(target, std::string(65U * 1024, ' '), token)) == "body_too_large");
}

TEST_CASE("after ten tokens that are none an address waits a minute", "[admin][access]") {
  admin_hub hub({}, of_three());
  for (int i = 0; i < 10; ++i)
    CHECK(hub.ask("/admin", bearer("guess-" + std::to_string(i))).status == 401);
  const auto shut = hub.ask("/admin", bearer("read-token"));
  CHECK(shut.status == 429);
  CHECK(reason_of(shut) == "too_many_attempts");
  CHECK(shut.headers.at("retry-after") == "60");
  hub.hub.time.advance(59'000);
  CHECK(hub.ask("/admin", bearer("read-token")).status == 429);
  hub.hub.time.advance(1'000);
  CHECK(hub.ask("/admin", bearer("read-token")).status == 200);
  CHECK(hub.ask("/admin").status == 401); // Who sends none guesses nothing.
}

TEST_CASE("a token ends with its time, and with the file that names it", "[admin][access]") {
  auto rules = of_three();
  rules.tokens[0].expires_at = 1'700'000'000'000 + 5'000;
  admin_hub hub({}, rules);
  CHECK(hub.ask("/admin", bearer("read-token")).status == 200);
  hub.hub.time.advance(5'000);
  CHECK(hub.ask("/admin", bearer("read-token")).status == 401);
  CHECK(hub.ask("/admin", bearer("admin-token")).status == 200);
  rules.tokens.pop_back();
  hub.set_access(rules);
  CHECK(hub.ask("/admin", bearer("admin-token")).status == 401);
}

TEST_CASE("only a token that may speaks for somebody else", "[admin][access]") {
  auto rules = of_three();
  rules.tokens[1].on_behalf = true;
  const admin_hub hub({}, rules);
  CHECK(hub.ask("/admin", bearer("operate-token") + "X-Orderhub-Actor: ada\r\n").status == 200);
  CHECK(hub.ask("/admin", bearer("admin-token") + "X-Orderhub-Actor: ada\r\n").status == 403);
  CHECK(hub.ask("/admin", bearer("operate-token") + "X-Orderhub-Actor: \r\n").status == 400);
}

} // namespace orderhub::testing
