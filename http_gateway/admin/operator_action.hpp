#pragma once
#include "actors/host/ingress.hpp"
#include "actors/host/vendor_switch.hpp"
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::http_gateway {

/// What every action takes: `?dry_run=true` changes nothing and answers what would be done.
inline constexpr admin_parameter dry_run_parameter{"dry_run", "true|false", "false"};
/// Why: 5 to 500 bytes.
inline constexpr admin_parameter reason_member{"reason", "", "", true};

/// A POST that a route takes: something is done.
struct operator_action {
  admin_call call;
  std::map<std::string, std::string, std::less<>> body; ///< Its text members, by name.
  /// Who, by which way, why, and (from `until` or `for`) until when.
  host::operator_note by;
  std::string audit_id;           ///< The same of its repeat under one `idempotency-key`.
  std::string evidence{};         ///< For the record: at most 200 bytes.
  std::optional<object_id> about; ///< Whose record it is; none: the hub's.
  /// From any thread, once. With what came of it, for the audit: `accepted`, `nothing_to_do` or the
  /// reason of a refusal; of a dry run nothing.
  std::function<void(const operator_action&, http_response, std::string_view outcome)> respond;

  [[nodiscard]] std::string_view value(std::string_view name) const {
    const auto it = body.find(name);
    return it == body.end() ? std::string_view() : std::string_view(it->second);
  }
  [[nodiscard]] bool is_dry_run() const { return call.value("dry_run") == "true"; }
  void refuse(const admin_problem& problem) const {
    respond(*this, response_of(problem),
            is_dry_run() ? std::string_view() : name_of(problem.reason));
  }
  /// 202 where it is on record, 200 of a dry run. `plan`: a JSON object, what it does.
  void accept(std::string_view plan, bool is_nothing_to_do = false) const;
  /// Who answers an action when the hub has written it down, or why it has not.
  [[nodiscard]] host::responder_ptr when_durable(std::string plan) const;
};

/// Reads its body, or says why it is none that the route takes. `now`: for `for`. Whose it is and
/// who answers is still to be filled in.
std::variant<operator_action, admin_problem> operator_action_of(admin_call call,
                                                                std::string_view body, unix_ms now);

/// What it needs: its route's role, and more where its query or body asks for more.
admin_role role_needed(const admin_call& call);
admin_role role_needed(const operator_action& action);

} // namespace orderhub::http_gateway
