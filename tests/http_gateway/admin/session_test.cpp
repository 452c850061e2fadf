#include "http_gateway/admin/admin_session.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// Who logged in with a browser.
namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

admin_access_rules of_two(const std::string& public_url = {}) {
  admin_access_rules rules;
  rules.tokens = {token_of("ada", admin_role::operate, secret("adas-token")),
                  token_of("eve", admin_role::read, secret("eves-token"))};
  rules.public_url = public_url;
  return rules;
}

std::string bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

raw_response log_in(const admin_hub& hub, const std::string& token = "adas-token") {
  return hub.act("/admin/session", "{}", bearer(token));
}

/// What a browser keeps of an answer.
std::string value_in(const raw_response& r) {
  const auto& cookie = r.headers.at("set-cookie");
  const auto begin = cookie.find('=') + 1;
  return cookie.substr(begin, cookie.find(';') - begin);
}

/// The header with which it comes again.
std::string in_session(const std::string& value) {
  return "Cookie: theme=dark; orderhub_session=" + value + "\r\n";
}

json described(const raw_response& r, const char* schema, int status = 200) {
  INFO(r.body);
  REQUIRE(r.status == status);
  CHECK(schema_problems(admin_openapi(), schema, r.body).empty());
  return json::parse(r.body);
}

void is_refused(const raw_response& r, int status, const std::string& reason,
                const std::string& words = {}) {
  const auto j = described(r, "problem", status);
  CHECK(j["reason"] == reason);
  CHECK(j["message"].get<std::string>().find(words) != std::string::npos);
}

/// The newest first; the text too, so that it can be searched.
json audit_of(const admin_hub& hub, std::string& text) {
  text = hub.ask("/admin/audit", bearer("eves-token")).body;
  return json::parse(text)["actions"];
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("who logs in is known by his cookie, by name and role", "[admin][session]") {
  admin_hub hub({}, of_two());
  const auto begun = log_in(hub);
  const auto who = described(begun, "session");
  CHECK(who["name"] == "ada");
  CHECK(who["role"] == "operate");
  CHECK(who["via"] == "session");
  CHECK(who["ends_at"].is_string());
  const auto& cookie = begun.headers.at("set-cookie");
  CHECK(cookie.starts_with("orderhub_session="));
  CHECK(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"));
  CHECK_FALSE(has(begun.body, value_in(begun)));
  const auto document = json::parse(admin_openapi());
  CHECK(document["components"]["securitySchemes"]["session"]["name"] == session_cookie);

  const auto session = in_session(value_in(begun));
  CHECK(described(hub.ask("/admin/session", session), "session") == who);
  is_refused(hub.ask("/admin/config", session), 403, "role_too_low", "ada has operate");
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  const auto same_page = session + "Origin: http://127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n";
  CHECK(hub.act("/admin/orders/1/reveal", R"({"reason":"a test"})", same_page).status == 202);

  std::string text;
  const auto audit = audit_of(hub, text);
  REQUIRE(audit.size() == 2);
  CHECK(audit[0]["action"] == "reveal");
  CHECK(audit[0]["via"] == "session");
  CHECK(audit[0]["who"] == "ada");
  CHECK(audit[1]["action"] == "login");
  CHECK(audit[1]["via"] == "token");
  CHECK(audit[1]["role"] == "operate");
  CHECK(audit[1]["outcome"] == "accepted");
}

TEST_CASE("a header Authorization counts before a session", "[admin][session]") {
  const admin_hub hub({}, of_two());
  const auto session = in_session(value_in(log_in(hub)));
  const auto who = described(hub.ask("/admin/session", session + bearer("eves-token")), "session");
  CHECK(who["name"] == "eve");
  CHECK(who["via"] == "token");
  CHECK(who["ends_at"].is_null());
  CHECK(hub.ask("/admin", session + bearer("no-token")).status == 401);
}

TEST_CASE("a session is for https alone where people come by it", "[admin][session]") {
  const auto cookie_at = [](const char* url) {
    return log_in(admin_hub({}, of_two(url))).headers.at("set-cookie");
  };
  CHECK(cookie_at("https://hub.example.com/ops").ends_with("; Secure"));
  CHECK(cookie_at("HTTPS://hub.example.com").ends_with("; Secure"));
  for (const char* plain : {"", "http://hub.example.com", "http://hub.example.com/https://"})
    CHECK_FALSE(has(cookie_at(plain), "Secure"));
}

TEST_CASE("a restarted hub knows a session, and no other hub does", "[admin][session]") {
  const auto session = in_session(value_in(log_in(admin_hub({}, of_two()))));
  CHECK(admin_hub({}, of_two()).ask("/admin", session).status == 200);
  is_refused(admin_hub({}, of_two(), 64, std::string(32, 'x')).ask("/admin", session), 401,
             "unauthorized", "was not begun at this hub");
  // One without a key takes none and begins none.
  const admin_hub keyless({}, of_two(), 64, {});
  is_refused(keyless.ask("/admin", session), 401, "unauthorized", "was not begun at this hub");
  is_refused(log_in(keyless), 503, "unavailable", "no key");
}

TEST_CASE("a session is over after twelve hours, and with its token", "[admin][session]") {
  auto rules = of_two();
  admin_hub hub({}, rules);
  const auto session = in_session(value_in(log_in(hub)));
  const auto asked = [&] { return hub.ask("/admin", session); };
  const auto with = [&](admin_token token) {
    auto others = of_two();
    others.tokens[0] = std::move(token);
    hub.set_access(std::move(others));
    return hub.ask("/admin", session);
  };
  const char* gone = "The token of this session is no longer valid";
  SECTION("by its time") {
    hub.hub.time.advance(12 * hour_ms - 60'000);
    CHECK(asked().status == 200);
    hub.hub.time.advance(60'000);
    is_refused(asked(), 401, "unauthorized", "is over");
  }
  SECTION("when nobody has that name any more, and not for ever") {
    is_refused(with(token_of("bob", admin_role::operate, secret("adas-token"))), 401,
               "unauthorized", gone);
    CHECK(with(of_two().tokens[0]).status == 200);
  }
  SECTION("when the name has another token") {
    is_refused(with(token_of("ada", admin_role::operate, secret("another"))), 401, "unauthorized",
               gone);
  }
  SECTION("when its role is another") {
    is_refused(with(token_of("ada", admin_role::read, secret("adas-token"))), 401, "unauthorized",
               gone);
  }
  SECTION("when the token's time has come since") {
    auto token = of_two().tokens[0];
    token.expires_at = hub.hub.time.wall_ms() + 1'000;
    CHECK(with(token).status == 200);
    hub.hub.time.advance(1'000);
    is_refused(asked(), 401, "unauthorized", gone);
  }
}

TEST_CASE("a session does not outlive the token that it was begun with", "[admin][session]") {
  auto rules = of_two();
  rules.tokens[0].expires_at = admin_hub().hub.time.wall_ms() + hour_ms;
  const admin_hub hub({}, rules);
  CHECK(has(log_in(hub).headers.at("set-cookie"), "Max-Age=3600"));
}

TEST_CASE("in a session only the hub's own pages ask", "[admin][session]") {
  const admin_hub hub({}, of_two("https://hub.example.com/ops"));
  const auto session = in_session(value_in(log_in(hub)));
  const auto why = R"({"reason":"a test"})";
  for (const char* own : {"", "Origin: http://127.0.0.1\r\n", "Origin: https://hub.example.com\r\n",
                          "Sec-Fetch-Site: same-origin\r\n"}) {
    CAPTURE(own);
    CHECK(hub.ask("/admin", session + own).status == 200);
    is_refused(hub.act("/admin/orders/1/pause", why, session + own), 404, "no_such_order");
  }
  for (const char* foreign :
       {"Origin: https://evil.example\r\n", "Origin: null\r\n",
        "Origin: https://hub.example.com:8443\r\n", "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n", "Sec-Fetch-Site: none\r\n",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n"}) {
    CAPTURE(foreign);
    is_refused(hub.ask("/admin", session + foreign), 403, "foreign_origin");
    is_refused(hub.act("/admin/orders/1/pause", why, session + foreign), 403, "foreign_origin");
    is_refused(hub.act("/admin/session/logout", "{}", session + foreign), 403, "foreign_origin");
  }
  is_refused(
      hub.act("/admin/session", "{}", bearer("adas-token") + "Origin: https://evil.example\r\n"),
      403, "foreign_origin");
  is_refused(hub.ask("/admin", session + "X-Orderhub-Actor: bob\r\n"), 403, "role_too_low",
             "does not act for somebody else");
}

TEST_CASE("a cookie that is no session is refused, and says what to do", "[admin][session]") {
  const admin_hub hub({}, of_two());
  const auto value = value_in(log_in(hub));
  const auto damaged = [&](const std::string& other) {
    CAPTURE(other);
    is_refused(hub.ask("/admin", in_session(other)), 401, "unauthorized", "log in again");
  };
  for (const char* none : {"", "x", "====", "\"\"", "a b", "%00", "\xff\xfe"})
    damaged(none);
  damaged(std::string(513, 'A'));
  damaged(std::string(4'000, 'A'));
  damaged(value + 'A');
  damaged(value.substr(1));
  damaged(value.substr(0, value.size() - 1));
  const auto twice = "There is more than one cookie";
  is_refused(hub.ask("/admin", in_session(value) + in_session(value)), 401, "unauthorized", twice);
  is_refused(hub.ask("/admin", in_session(value + "; orderhub_session=")), 401, "unauthorized",
             twice);
  // Other cookies are nobody's, whatever they are called.
  CHECK(hub.ask("/admin", "Cookie: orderhub_session2=x; Orderhub_Session=y; ;=;z; " +
                              std::string("orderhub_session=") + value + "\r\n")
            .status == 200);
  is_refused(hub.ask("/admin", "Cookie: theme=dark\r\n"), 401, "unauthorized", "or a session");
}

TEST_CASE("no character of a session can be another", "[admin][session]") {
  const secret key(std::string(32, 'k'));
  const admin_session ada{"ada", admin_role::read, 1'000, {1, 2, 3}};
  const auto value = sealed(ada, key);
  const auto read = unsealed(value, key);
  REQUIRE(read);
  CHECK(read->name == "ada");
  CHECK(read->role == admin_role::read);
  CHECK(read->ends_at == 1'000);
  CHECK(read->token == ada.token);
  for (std::size_t i = 0; i < value.size(); ++i)
    for (const char c : {'A', 'Q', '_'}) {
      auto other = value;
      other[i] = c;
      if (other != value)
        CHECK_FALSE(unsealed(other, key));
    }
  CHECK_FALSE(unsealed(value, secret(std::string(32, 'x'))));
  CHECK_FALSE(unsealed(value, secret()));

  // The same with another role, as its seal does not say.
  auto admin = ada;
  admin.role = admin_role::admin;
  const auto forged = sealed(admin, secret(std::string(32, 'x')));
  CHECK_FALSE(unsealed(forged, key));
}

TEST_CASE("a session is begun with one's own token, in the header, as JSON alone",
          "[admin][session]") {
  auto rules = of_two();
  rules.tokens[0].on_behalf = true;
  const admin_hub hub({}, rules);
  const auto own = bearer("adas-token");
  const auto session = in_session(value_in(log_in(hub)));
  is_refused(hub.act("/admin/session", "{}", session), 409, "not_possible");
  is_refused(hub.act("/admin/session", "{}", own + "X-Orderhub-Actor: bob\r\n"), 409,
             "not_possible");
  is_refused(admin_hub().act("/admin/session", "{}"), 409, "not_possible");
  is_refused(hub.act("/admin/session", "{}"), 401, "unauthorized");
  is_refused(hub.act("/admin/session", R"({"token":"adas-token"})"), 401, "unauthorized");
  for (const char* body : {R"({"token":"adas-token"})", "[]", "{", "token=adas-token"})
    is_refused(hub.act("/admin/session", body, own), 400, "invalid_body", "Authorization");
  CHECK(hub.act("/admin/session", "", own).status == 200);
  const auto form = hub.send(post("/admin/session", "", own + "Content-Type: text/plain\r\n"));
  is_refused(form, 415, "wrong_content_type");
  const auto get = hub.ask("/admin/session/logout", session);
  is_refused(get, 405, "wrong_method");
  CHECK(get.headers.count("set-cookie") == 0);
}

TEST_CASE("a logout has the browser forget its session, and is on record", "[admin][session]") {
  const admin_hub hub({}, of_two("https://hub.example.com"));
  const auto session = in_session(value_in(log_in(hub)));
  const auto out = hub.act("/admin/session/logout", "{}", session);
  CHECK(described(out, "ended_session")["ended"] == true);
  CHECK(out.headers.at("set-cookie") ==
        "orderhub_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0; Secure");
  const auto none = hub.act("/admin/session/logout", "", bearer("eves-token"));
  CHECK(described(none, "ended_session")["ended"] == false);
  CHECK(none.headers.count("set-cookie") == 1);
  std::string text;
  const auto audit = audit_of(hub, text);
  REQUIRE(audit.size() == 2);
  CHECK(audit[0]["action"] == "logout");
  CHECK(audit[0]["who"] == "ada");
  CHECK(audit[0]["via"] == "session");
  CHECK(audit[0]["role"] == "operate");
}

TEST_CASE("failed logins shut an address out, and sessions go on", "[admin][session]") {
  admin_hub hub({}, of_two());
  const auto begun = log_in(hub);
  const auto session = in_session(value_in(begun));
  for (int i = 0; i < 12; ++i) // Nobody guesses a session.
    CHECK(hub.ask("/admin", in_session("no-session")).status == 401);
  for (int i = 0; i < 10; ++i)
    is_refused(log_in(hub, "guess-of-a-token"), 401, "unauthorized");
  is_refused(log_in(hub), 429, "too_many_attempts");
  CHECK(hub.ask("/admin", session).status == 200);
  hub.hub.time.advance(60'000);
  CHECK(log_in(hub).status == 200);

  std::string text;
  const auto audit = audit_of(hub, text);
  REQUIRE(audit.size() == 12);
  CHECK(audit[1]["action"] == "login");
  CHECK(audit[1]["outcome"] == "unauthorized");
  CHECK(audit[1]["who"] == "unknown");
  const auto metrics = hub.ask("/metrics", session);
  CHECK(metrics.status == 200);
  for (const auto& kept : {text, metrics.body})
    for (const auto& part : {value_in(begun), std::string("adas-token"), std::string("guess-of")})
      CHECK_FALSE(has(kept, part));
}

TEST_CASE("logins are on record, so a minute has no more than thirty of a name",
          "[admin][session]") {
  admin_hub hub({}, of_two());
  const auto session = in_session(value_in(log_in(hub)));
  for (int i = 1; i < 30; ++i)
    CHECK(log_in(hub).status == 200);
  const auto shut = log_in(hub);
  is_refused(shut, 429, "too_many_attempts", "Thirty sessions");
  CHECK(shut.headers.at("retry-after") == "60");
  is_refused(hub.act("/admin/session/logout", "{}", session), 429, "too_many_attempts");
  CHECK(hub.ask("/admin", session).status == 200);
  CHECK(log_in(hub, "eves-token").status == 200);
  hub.hub.time.advance(60'000);
  CHECK(log_in(hub).status == 200);
}

} // namespace orderhub::testing
