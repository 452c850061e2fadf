#include "http_gateway/admin/admin_access.hpp"

#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <openssl/crypto.h>
#include <pwd.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t peers_max = 1'024;
constexpr std::size_t actor_size_max = 100;

/// Scheme and authority of a URL.
std::string_view origin_of(std::string_view url) {
  const auto authority = url.find("://");
  return authority == std::string_view::npos ? std::string_view()
                                             : url.substr(0, url.find('/', authority + 3));
}

std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (starts_with_ignoring_case(origin, scheme))
      return origin.substr(scheme.size());
  return {};
}

bool is_own_origin(const http_request& request, std::string_view public_url) {
  const auto origin = request.header("origin");
  const auto own = origin_of(public_url);
  return (!own.empty() && equal_ignoring_case(origin, own)) ||
         (!request.host.empty() && equal_ignoring_case(authority_of(origin), request.host));
}

std::optional<admin_problem> foreign(const http_request& request, std::string_view public_url) {
  const auto count = request.header_count("origin");
  if (count > 1 || (count == 1 && !is_own_origin(request, public_url)))
    return admin_problem{admin_reason::foreign_origin, {}, "origin", {}, {}};
  const auto site = request.header("sec-fetch-site");
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && !site.empty() && site != "same-origin" && site != "none")
    return admin_problem{admin_reason::foreign_origin, {}, "sec-fetch-site", {}, {}};
  return std::nullopt;
}

/// Nothing: none was given.
std::optional<std::string_view> bearer_in(const http_request& request) {
  if (request.header_count("authorization") == 0)
    return std::nullopt;
  auto given = request.header("authorization");
  if (request.header_count("authorization") > 1 || !starts_with_ignoring_case(given, "bearer "))
    return std::string_view();
  given.remove_prefix(7);
  while (!given.empty() && given.front() == ' ')
    given.remove_prefix(1);
  return given;
}

/// All of them are looked at, whichever it is.
const admin_token* find_token(const admin_access_rules& rules, std::string_view given) {
  const auto hash = sha256_of(given);
  const admin_token* found = nullptr;
  for (const auto& token : rules.tokens)
    if (CRYPTO_memcmp(hash.data(), token.sha256.data(), hash.size()) == 0)
      found = &token;
  return given.empty() ? nullptr : found;
}

bool has_ended(const admin_token& token, unix_ms now) {
  return token.expires_at > 0 && token.expires_at <= now;
}

bool is_secure(const admin_access_rules& rules) {
  return starts_with_ignoring_case(rules.public_url, "https://");
}

admin_problem no_session(std::string message) {
  return problem_of(admin_reason::unauthorized, std::move(message), "cookie");
}

/// A browser says so of what our own pages ask, and of nothing else.
std::optional<admin_problem> asked_by_another_page(const http_request& request) {
  const auto count = request.header_count("sec-fetch-site");
  if (count == 0 || (count == 1 && request.header("sec-fetch-site") == "same-origin"))
    return std::nullopt;
  return problem_of(admin_reason::foreign_origin,
                    "In a session only the hub's own pages may ask (Sec-Fetch-Site: same-origin); "
                    "send a token for anything else.",
                    "sec-fetch-site");
}

} // namespace

std::string_view name_of(admin_role role) {
  switch (role) {
  case admin_role::read:
    return "read";
  case admin_role::operate:
    return "operate";
  case admin_role::admin:
    return "admin";
  }
  return "admin";
}

std::optional<admin_role> admin_role_of(std::string_view name) {
  for (const auto role : {admin_role::read, admin_role::operate, admin_role::admin})
    if (name == name_of(role))
      return role;
  return std::nullopt;
}

admin_token token_of(std::string name, admin_role role, const secret& token) {
  return {std::move(name), role, sha256_of(token.reveal())};
}

admin_access::admin_access(admin_access_rules rules, const clock& time, secret session_key)
    : time_(time), session_key_(std::move(session_key)),
      rules_(std::make_shared<const admin_access_rules>(std::move(rules))) {}

void admin_access::set(admin_access_rules rules) {
  auto fresh = std::make_shared<const admin_access_rules>(std::move(rules));
  const std::lock_guard lock(mutex_);
  rules_ = std::move(fresh);
}

std::shared_ptr<const admin_access_rules> admin_access::rules() {
  const std::lock_guard lock(mutex_);
  return rules_;
}

std::int64_t admin_access::minute_counts::wait_s(const std::string& of, int most,
                                                 std::int64_t now) {
  const auto it = counts_.find(of);
  if (it == counts_.end() || it->second.count < most)
    return 0;
  const auto left_ms = it->second.since_ms + minute_ms - now;
  if (left_ms > 0)
    return (left_ms + 999) / 1'000;
  counts_.erase(it);
  return 0;
}

void admin_access::minute_counts::note(const std::string& of, std::int64_t now) {
  if (counts_.size() >= peers_max && !counts_.contains(of)) {
    std::erase_if(counts_, [&](const auto& f) { return f.second.since_ms + minute_ms <= now; });
    if (counts_.size() >= peers_max)
      counts_.erase(
          std::min_element(counts_.begin(), counts_.end(), [](const auto& a, const auto& b) {
            return a.second.since_ms < b.second.since_ms;
          }));
  }
  auto& f = counts_[of];
  if (f.count == 0 || f.since_ms + minute_ms <= now)
    f = {now, 0};
  ++f.count;
}

std::int64_t admin_access::shut_out_s(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  return failed_.wait_s(peer, attempts_max, time_.steady_ms());
}

void admin_access::note_failed(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  failed_.note(peer, time_.steady_ms());
}

/// The list of users may lie on another machine, so each is asked for once.
std::string admin_access::user_name(std::uint32_t uid) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = user_names_.find(uid); known != user_names_.end())
      return known->second;
  }
  auto name = "uid " + std::to_string(uid);
  std::vector<char> room(16'384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr)
    if (const std::string_view of_list(found->pw_name);
        !of_list.empty() && is_utf8(of_list) && !has_control_character(of_list))
      name = cut_text(of_list, actor_size_max);
  const std::lock_guard lock(mutex_);
  if (user_names_.size() >= peers_max)
    user_names_.clear();
  return user_names_.insert_or_assign(uid, std::move(name)).first->second;
}

std::variant<admin_caller, admin_problem>
admin_access::caller_at_socket(const admin_access_rules& rules, const http_request& request,
                               const local_peer& who, std::optional<admin_caller>* known) {
  constexpr std::uint32_t root = 0;
  const bool is_own = who.uid == root || who.uid == ::geteuid();
  const auto group = static_cast<std::uint32_t>(::getegid());
  if (!is_own && who.gid != group &&
      std::find(who.groups.begin(), who.groups.end(), group) == who.groups.end())
    return admin_problem{admin_reason::forbidden,
                         user_name(who.uid) +
                             " is not in the hub's group, which may use its socket.",
                         {},
                         {},
                         {}};
  admin_caller caller{
      user_name(who.uid), is_own ? admin_role::admin : rules.at_socket, "socket", {}};
  if (known != nullptr)
    *known = caller;
  if (auto problem = foreign(request, rules.public_url))
    return std::move(*problem);
  return caller;
}

std::variant<admin_caller, admin_problem>
admin_access::caller_of(const http_request& request, const std::string& peer,
                        const std::optional<local_peer>& at_socket,
                        std::optional<admin_caller>* known) {
  const auto rules = this->rules();
  if (at_socket)
    return caller_at_socket(*rules, request, *at_socket, known);
  if (rules->tokens.empty()) {
    if (!is_loopback_host(request.host))
      return admin_problem{admin_reason::forbidden, {}, "host", {}, {}};
    if (auto problem = foreign(request, rules->public_url))
      return std::move(*problem);
    return admin_caller{"loopback", rules->without_token, "loopback", {}};
  }
  const auto given = bearer_in(request);
  if (!given)
    return caller_in_session(*rules, request, known);
  if (const auto wait_s = shut_out_s(peer); wait_s > 0) {
    admin_problem p{admin_reason::too_many_attempts, {}, {}, {}, {}};
    p.retry_after_s = wait_s;
    return p;
  }
  const auto* token = find_token(*rules, *given);
  if (token == nullptr || has_ended(*token, time_.wall_ms())) {
    note_failed(peer);
    return admin_problem{admin_reason::unauthorized,
                         token != nullptr ? "The token \"" + token->name + "\" has expired."
                                          : std::string(),
                         {},
                         {},
                         {}};
  }
  if (known != nullptr)
    *known = admin_caller{token->name, token->role, "token", {}};
  if (auto problem = foreign(request, rules->public_url))
    return std::move(*problem);
  const auto actor = request.header("x-orderhub-actor");
  if (request.header_count("x-orderhub-actor") == 0)
    return admin_caller{token->name, token->role, "token", {}, token->expires_at};
  if (!token->on_behalf)
    return admin_problem{admin_reason::role_too_low,
                         "The token \"" + token->name + "\" may not act for somebody else.",
                         "x-orderhub-actor",
                         {},
                         {}};
  if (actor.empty() || actor.size() > actor_size_max || !is_utf8(actor) ||
      has_control_character(actor) || request.header_count("x-orderhub-actor") > 1)
    return admin_problem{admin_reason::invalid_parameter,
                         "x-orderhub-actor must be one text of 1 to 100 bytes.",
                         "x-orderhub-actor",
                         {},
                         {}};
  return admin_caller{std::string(actor), token->role, "token", token->name, token->expires_at};
}

std::variant<admin_caller, admin_problem>
admin_access::caller_in_session(const admin_access_rules& rules, const http_request& request,
                                std::optional<admin_caller>* known) const {
  const auto cookies = session_cookies_in(request);
  if (cookies.count == 0)
    return problem_of(admin_reason::unauthorized);
  if (cookies.count > 1)
    return no_session("There is more than one cookie " + std::string(session_cookie) +
                      ": remove them and log in again.");
  const auto session = unsealed(cookies.first, session_key_);
  if (!session)
    return no_session("The session was not begun at this hub, or its cookie is damaged: log in "
                      "again.");
  const auto now = time_.wall_ms();
  if (session->ends_at <= now)
    return no_session("The session is over: log in again.");
  const auto token =
      std::find_if(rules.tokens.begin(), rules.tokens.end(), [&](const admin_token& t) {
        return t.name == session->name && t.role == session->role && !has_ended(t, now) &&
               mark_of(t.sha256, session_key_) == session->token;
      });
  if (token == rules.tokens.end())
    return no_session("The token of this session is no longer valid: log in with another.");
  if (known != nullptr)
    *known = admin_caller{session->name, session->role, "session", {}};
  if (auto problem = foreign(request, rules.public_url))
    return std::move(*problem);
  if (auto problem = asked_by_another_page(request))
    return std::move(*problem);
  if (request.header_count("x-orderhub-actor") > 0)
    return problem_of(admin_reason::role_too_low, "A session does not act for somebody else.",
                      "x-orderhub-actor");
  return admin_caller{session->name, session->role, "session", {}, session->ends_at};
}

std::optional<admin_problem> admin_access::too_many_sessions(const std::string& name) {
  const auto now = time_.steady_ms();
  const std::lock_guard lock(mutex_);
  if (const auto wait_s = turned_.wait_s(name, sessions_max, now); wait_s > 0) {
    auto p = problem_of(admin_reason::too_many_attempts,
                        "Thirty sessions of that token were begun or ended within a minute.");
    p.retry_after_s = wait_s;
    return p;
  }
  turned_.note(name, now);
  return std::nullopt;
}

std::variant<begun_session, admin_problem> admin_access::begin_session(const http_request& request,
                                                                       const admin_caller& who) {
  const auto rules = this->rules();
  const auto* token =
      who.via == "token" ? find_token(*rules, bearer_in(request).value_or("")) : nullptr;
  if (token == nullptr || !who.on_behalf.empty())
    return problem_of(admin_reason::not_possible,
                      "A session is begun with a token of one's own, in the header Authorization.");
  if (session_key_.empty())
    return problem_of(admin_reason::unavailable,
                      "This hub has no key to sign sessions with; use the token itself.");
  if (auto problem = too_many_sessions(token->name))
    return std::move(*problem);
  const auto now = time_.wall_ms();
  admin_session session{token->name, token->role, now + session_life_ms,
                        mark_of(token->sha256, session_key_)};
  if (token->expires_at > 0)
    session.ends_at = std::min(session.ends_at, token->expires_at);
  return begun_session{
      {session.name, session.role, "session", {}, session.ends_at},
      set_session_cookie(sealed(session, session_key_), session.ends_at - now, is_secure(*rules))};
}

std::variant<begun_session, admin_problem> admin_access::end_session(const admin_caller& who) {
  if (who.via == "session")
    if (auto problem = too_many_sessions(who.name))
      return std::move(*problem);
  return begun_session{who, set_session_cookie({}, 0, is_secure(*rules()))};
}

} // namespace orderhub::http_gateway
