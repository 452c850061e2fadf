#pragma once
#include "actors/host/operator.hpp"
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace orderhub::http_gateway {

/// What does not change while a hub runs.
struct hub_description {
  std::string version;
  std::string mode; ///< Of its payments: `live`, `test` or `mock`.
  unix_ms started_at = 0;
  std::int64_t call_after_ms = 0; ///< As `order_settings::call_after_ms`.
};

/// Where the pages read.
struct admin_sources {
  const host::operator_view& hub;
  const hub_description& about;
};

/// A page, or why there is none.
struct admin_page {
  std::string body;
  std::string_view content_type = "application/json";
  std::string version; ///< Of a single resource, for `ETag`; empty: it has none.
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
admin_answer journal_page(const admin_call& call, const admin_sources& from);
admin_answer lookup_page(const admin_call& call, const admin_sources& from);
admin_answer vendors_page(const admin_call& call, const admin_sources& from);
admin_answer vendor_page(const admin_call& call, const admin_sources& from);

} // namespace orderhub::http_gateway
