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

admin_access::admin_access(admin_access_rules rules, const clock& time)
    : time_(time), rules_(std::make_shared<const admin_access_rules>(std::move(rules))) {}

void admin_access::set(admin_access_rules rules) {
  auto fresh = std::make_shared<const admin_access_rules>(std::move(rules));
  const std::lock_guard lock(mutex_);
  rules_ = std::move(fresh);
}

std::int64_t admin_access::shut_out_s(const std::string& peer) {
  const auto now = time_.steady_ms();
  const std::lock_guard lock(mutex_);
  const auto it = failed_.find(peer);
  if (it == failed_.end() || it->second.count < attempts_max)
    return 0;
  const auto left_ms = it->second.since_ms + minute_ms - now;
  if (left_ms > 0)
    return (left_ms + 999) / 1'000;
  failed_.erase(it);
  return 0;
}

void admin_access::note_failed(const std::string& peer) {
  const auto now = time_.steady_ms();
  const std::lock_guard lock(mutex_);
  if (failed_.size() >= peers_max && !failed_.contains(peer)) {
    std::erase_if(failed_, [&](const auto& f) { return f.second.since_ms + minute_ms <= now; });
    if (failed_.size() >= peers_max)
      failed_.erase(
          std::min_element(failed_.begin(), failed_.end(), [](const auto& a, const auto& b) {
            return a.second.since_ms < b.second.since_ms;
          }));
  }
  auto& f = failed_[peer];
  if (f.count == 0 || f.since_ms + minute_ms <= now)
    f = {now, 0};
  ++f.count;
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
                               const local_peer& who) {
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
  if (auto problem = foreign(request, rules.public_url))
    return std::move(*problem);
  return admin_caller{
      user_name(who.uid), is_own ? admin_role::admin : rules.at_socket, "socket", {}};
}

std::variant<admin_caller, admin_problem>
admin_access::caller_of(const http_request& request, const std::string& peer,
                        const std::optional<local_peer>& at_socket) {
  const auto rules = [&] {
    const std::lock_guard lock(mutex_);
    return rules_;
  }();
  if (at_socket)
    return caller_at_socket(*rules, request, *at_socket);
  if (rules->tokens.empty()) {
    if (!is_loopback_host(request.host))
      return admin_problem{admin_reason::forbidden, {}, "host", {}, {}};
    if (auto problem = foreign(request, rules->public_url))
      return std::move(*problem);
    return admin_caller{"loopback", rules->without_token, "loopback", {}};
  }
  const auto given = bearer_in(request);
  if (!given)
    return admin_problem{admin_reason::unauthorized, {}, {}, {}, {}};
  if (const auto wait_s = shut_out_s(peer); wait_s > 0) {
    admin_problem p{admin_reason::too_many_attempts, {}, {}, {}, {}};
    p.retry_after_s = wait_s;
    return p;
  }
  const auto* token = find_token(*rules, *given);
  if (token == nullptr || (token->expires_at > 0 && token->expires_at <= time_.wall_ms())) {
    note_failed(peer);
    return admin_problem{admin_reason::unauthorized,
                         token != nullptr ? "The token \"" + token->name + "\" has expired."
                                          : std::string(),
                         {},
                         {},
                         {}};
  }
  if (auto problem = foreign(request, rules->public_url))
    return std::move(*problem);
  const auto actor = request.header("x-orderhub-actor");
  if (request.header_count("x-orderhub-actor") == 0)
    return admin_caller{token->name, token->role, "token", {}};
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
  return admin_caller{std::string(actor), token->role, "token", token->name};
}

} // namespace orderhub::http_gateway
