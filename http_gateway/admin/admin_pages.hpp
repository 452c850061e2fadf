#pragma once
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/operator.hpp"
#include "actors/host/vendor_switch.hpp"
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace orderhub::http_gateway {

class journal_control;
class program_control;
class webhook_desk;

/// What does not change while a hub runs.
struct hub_description {
  std::string version;
  std::string mode; ///< Of its payments: `live`, `test` or `mock`.
  unix_ms started_at = 0;
  std::int64_t call_after_ms = 0; ///< As `order_settings::call_after_ms`.
  std::string directory = {};     ///< The journal's; empty: it has none.
  /// As a handler that begins now would have it; what can be reloaded is as it was at the start.
  handlers::order_plan order_plan = {};
  /// Where people reach this API.
  std::string admin_url{handlers::default_admin_url};
};

/// Where the pages read.
struct admin_sources {
  const host::operator_view& hub;
  const hub_description& about;
  host::vendor_control* vendors = nullptr; ///< Null: what needs it is refused.
  const webhook_desk* webhooks = nullptr;  ///< Likewise.
  host::ingress* calls = nullptr;          ///< Likewise: the hub's own handlers.
  program_control* program = nullptr;      ///< Likewise.
  journal_control* journal = nullptr;      ///< Likewise.
};

/// A page, or why there is none.
struct admin_page {
  std::string body;
  std::string_view content_type = "application/json";
  std::string version; ///< Of a single resource, for `ETag`; empty: it has none.
  std::uint16_t status = 200;
  bool changed_nothing = false; ///< Of an action that found nothing to do.
};
struct admin_answer : std::variant<admin_page, admin_problem> {
  using variant::variant;
};

// Each of these reads a bounded number of rows, and is as it was at the last commit.
admin_answer admin_root_page(const admin_call& call, const admin_sources& from);
admin_answer openapi_page(const admin_call& call, const admin_sources& from);
admin_answer status_page(const admin_call& call, const admin_sources& from);
admin_answer summary_page(const admin_call& call, const admin_sources& from);
admin_answer orders_page(const admin_call& call, const admin_sources& from);
admin_answer order_search_page(const admin_call& call, const admin_sources& from);
admin_answer order_page(const admin_call& call, const admin_sources& from);
admin_answer explain_page(const admin_call& call, const admin_sources& from);
admin_answer step_page(const admin_call& call, const admin_sources& from);
admin_answer step_request_page(const admin_call& call, const admin_sources& from);
admin_answer step_answer_page(const admin_call& call, const admin_sources& from);
admin_answer journal_page(const admin_call& call, const admin_sources& from);
admin_answer lookup_page(const admin_call& call, const admin_sources& from);
admin_answer vendors_page(const admin_call& call, const admin_sources& from);
admin_answer vendor_page(const admin_call& call, const admin_sources& from);
admin_answer audit_page(const admin_call& call, const admin_sources& from);
admin_answer order_audit_page(const admin_call& call, const admin_sources& from);
admin_answer vendor_calls_page(const admin_call& call, const admin_sources& from);
admin_answer vendor_series_page(const admin_call& call, const admin_sources& from);
admin_answer webhooks_page(const admin_call& call, const admin_sources& from);
admin_answer order_webhooks_page(const admin_call& call, const admin_sources& from);
admin_answer webhook_page(const admin_call& call, const admin_sources& from);
admin_answer webhook_body_page(const admin_call& call, const admin_sources& from);
admin_answer refused_webhooks_page(const admin_call& call, const admin_sources& from);
admin_answer bulks_page(const admin_call& call, const admin_sources& from);
admin_answer bulk_page(const admin_call& call, const admin_sources& from);
admin_answer bulk_items_page(const admin_call& call, const admin_sources& from);
admin_answer journal_files_page(const admin_call& call, const admin_sources& from);
admin_answer config_page(const admin_call& call, const admin_sources& from);

// Each of these is durable before it is answered.
void pause_vendor(operator_action action, const admin_sources& from);
void resume_vendor(operator_action action, const admin_sources& from);
void switch_breaker(operator_action action, const admin_sources& from);
void probe_vendor(operator_action action, const admin_sources& from);
void replay_webhook(operator_action action, const admin_sources& from);
void assign_webhook(operator_action action, const admin_sources& from);
/// As SIGHUP does; on no record but the audit's.
void reload_config(operator_action action, const admin_sources& from);
/// Begins one, which goes on for itself; on no record but the audit's.
void backup_journal(operator_action action, const admin_sources& from);
/// Likewise.
void compact_journal(operator_action action, const admin_sources& from);

} // namespace orderhub::http_gateway
