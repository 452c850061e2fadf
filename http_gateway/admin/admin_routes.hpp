#pragma once
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_role.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::http_gateway {

/// A query parameter.
struct admin_parameter {
  std::string_view name;
  /// What it may be: empty for any text, `1..500` for a number, else its words, with `|` between.
  std::string_view takes;
  std::string_view fallback; ///< What counts where it is not given; empty: nothing.
  bool is_needed = false;
};

struct admin_call;
struct operator_action;
struct admin_answer;
struct admin_sources;
struct admin_action;

/// One path of the admin API. The table of them is all there is: what answers, the document
/// (`openapi.json`, which a test holds against it) and what is refused follow from it.
struct admin_route {
  std::string_view method;
  std::string_view path; ///< `/admin/orders/{key}`
  admin_role role = admin_role::read;
  std::span<const admin_parameter> query;
  std::string_view schema; ///< Of its JSON answer, in the document.
  admin_answer (*answer)(const admin_call&, const admin_sources&) = nullptr;
  /// Of a POST, instead: on a thread of its own, where it may wait for the journal.
  admin_answer (*act)(const admin_action&, const admin_sources&) = nullptr;
  std::string_view body = {};   ///< Of a POST: the schema of what it takes.
  std::string_view action = {}; ///< Of a POST: what the audit calls it.
  /// Of a POST instead: does it, now or later, and answers then.
  void (*operate)(operator_action, const admin_sources&) = nullptr;
  std::span<const admin_parameter> members = {}; ///< Of its JSON body, all of them texts.
  /// Of a GET instead of `answer`: events, as long as the caller listens. The schema is of one.
  bool streams = false;
  /// Instead of all these: about the caller's own session; a POST begins or ends it, by its action.
  bool is_session = false;
};
std::span<const admin_route> admin_routes();

/// What the audit calls a login, and an attempt with a token that is none.
inline constexpr std::string_view login_action = "login";

/// A request that a route takes.
struct admin_call {
  const admin_route* route = nullptr;
  std::map<std::string, std::string, std::less<>> in_path; ///< Decoded, in their normal form.
  /// Decoded; those with a fallback are always there.
  std::map<std::string, std::string, std::less<>> query;
  std::string body; ///< Of a POST that asks.

  [[nodiscard]] const std::string& key() const { return in_path.at("key"); }
  /// Empty where it was not given.
  [[nodiscard]] std::string_view value(std::string_view name) const {
    const auto it = query.find(name);
    return it == query.end() ? std::string_view() : std::string_view(it->second);
  }
  [[nodiscard]] std::size_t number(std::string_view name) const;
};

/// Whether a target is one of this API's.
bool is_admin_target(std::string_view target);
/// Why a value is not what its parameter takes; empty where it is.
std::string wrong_value(const admin_parameter& p, std::string_view value);
/// The call of a request (`/admin/providers…` is `/admin/vendors…`; HEAD is a GET without its
/// body), or why it is none.
std::variant<admin_call, admin_problem> admin_call_of(std::string_view method,
                                                      std::string_view target);

} // namespace orderhub::http_gateway
