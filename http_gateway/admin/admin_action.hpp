#pragma once
#include "actors/host/operator_desk.hpp"
#include "http_gateway/admin/admin_access.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "journal/record.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

inline constexpr std::size_t action_body_max = 64U * 1024;

/// A POST that somebody may make.
struct admin_action {
  admin_call call;
  admin_caller who;
  std::string body; ///< JSON, not looked at.
  std::string idempotency_key;
  std::string request_id;
  host::operator_desk& desk;
  const std::atomic<bool>& stopping; ///< Nobody waits any more.

  [[nodiscard]] bool is_dry_run() const { return call.value("dry_run") == "true"; }
};

// What each does is in API.md. They answer 202 with what was recorded, or, of a dry run, 200 with
// what would be.
admin_answer retry_order(const admin_action& action, const admin_sources& from);
admin_answer retry_step(const admin_action& action, const admin_sources& from);
admin_answer resolve_step(const admin_action& action, const admin_sources& from);
admin_answer pause_order(const admin_action& action, const admin_sources& from);
admin_answer resume_order(const admin_action& action, const admin_sources& from);
admin_answer cancel_order(const admin_action& action, const admin_sources& from);
admin_answer reveal_order(const admin_action& action, const admin_sources& from);
admin_answer erase_order(const admin_action& action, const admin_sources& from);
admin_answer purge_order(const admin_action& action, const admin_sources& from);
admin_answer acknowledge(const admin_action& action, const admin_sources& from);
admin_answer plan_bulk(const admin_action& action, const admin_sources& from);
admin_answer start_bulk(const admin_action& action, const admin_sources& from);
admin_answer pause_bulk(const admin_action& action, const admin_sources& from);
admin_answer cancel_bulk(const admin_action& action, const admin_sources& from);

/// The id of an action: that of its repeat on the same `target` under the same key, else one of its
/// own.
std::string action_id_of(const admin_caller& who, std::string_view idempotency_key,
                         std::string_view target);
inline constexpr std::string_view accepted_outcome = "accepted";

admin_problem role_too_low(const admin_caller& who, admin_role needed);

/// Who acts, for the journal's record.
journal::operator_payload signed_by(const admin_caller& who, const std::string& request_id);

/// Acts, and waits until it is durable; 503 where nobody says so in time.
host::call_response act_now(const admin_action& action, host::operator_request request);

/// Likewise: has one of the hub's own handlers called.
host::call_response record_now(const admin_action& action, host::ingress& calls,
                               host::call_request request);

/// What the hub said of a refusal (`{"code","message"}`); empty: nothing.
std::string message_of(const host::call_response& reply);
/// Of a reply that said nothing: what is asked for again under the same key is the same.
inline constexpr std::string_view late_text =
    "Nobody said in time that it is on disk; ask with the same idempotency-key again.";

/// What was refused, or changed nothing, for the audit: on the object `$operations/hub`. And what
/// was done that is on no record of its own.
///
/// What was refused is bounded: after `burst` of them one every ten minutes is recorded, 144 a day;
/// the others are counted. From any thread.
class refused_actions {
public:
  static constexpr int burst = 100;
  refused_actions(host::operator_desk& desk, const clock& time)
      : desk_(desk), time_(time), left_(burst), since_ms_(time.steady_ms()) {}
  void note(const admin_caller& who, std::string_view wanted, std::string_view target,
            std::string_view outcome, const std::string& request_id);
  struct done {
    admin_caller who;
    std::string wanted, target, reason, request_id;
    std::string id;                   ///< Empty: one of its own.
    std::string evidence;             ///< At most 200 bytes.
    std::optional<object_id> about{}; ///< Whose record it is; none: the hub's.
  };
  /// `then` is called from any thread, once: whether it is on disk.
  void accepted(done what, std::function<void(bool is_durable)> then);
  [[nodiscard]] std::uint64_t not_recorded() const { return not_recorded_; }

private:
  [[nodiscard]] bool may_record();
  void record(done what, std::string_view came_of_it, std::function<void(bool)> then);

  host::operator_desk& desk_;
  const clock& time_;
  std::mutex mutex_; ///< Guards the next two.
  int left_;
  std::int64_t since_ms_;
  std::atomic<std::uint64_t> not_recorded_{0};
};
inline const object_id hub_operations{"$operations", "hub"};

} // namespace orderhub::http_gateway
