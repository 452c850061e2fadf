#pragma once
// Which of an order's records a page of its journal shows.
#include "actors/handlers/explain/order_objects.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "journal/object_state.hpp"
#include "journal/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace orderhub::http_gateway {

/// One record and its place: by time, invocation, and its number among those of both.
struct placed_record {
  unix_ms at = 0;
  invocation_id invocation; ///< Zeros: what a person did to the whole object.
  std::uint32_t number = 0;
  const object_id* object = nullptr;
  const journal::invocation_state* of = nullptr; ///< Null: of what a person did.
  const journal::entry* entry = nullptr;         ///< Null: the input or the output.
  journal::record_kind kind{};
  const journal::operator_payload* action = nullptr; ///< Of what a person did.

  [[nodiscard]] auto place() const { return std::tie(at, invocation, number); }
};

/// Of an input its body, of an output its result as it is stored; of what a person did nothing: all
/// of it is shown.
std::string_view payload_of(const placed_record& record);

/// Payloads that a page with `raw=1` shows together at most; a larger one has a page of its own
/// (`payload_size_max`).
inline constexpr std::size_t raw_bytes_max = std::size_t{4} << 20U;

/// One page of them; they refer to the order's objects.
struct record_page {
  std::vector<placed_record> records;
  std::string next;        ///< The next page's cursor; empty: there is none.
  std::size_t scanned = 0; ///< How many there are without filters.
};

/// As the call's parameters want it. An invocation that is asked for by its id is added to
/// `objects`, wherever it is stored.
std::variant<record_page, admin_problem> page_of_records(handlers::order_objects& objects,
                                                         const admin_call& call,
                                                         const admin_sources& from);

} // namespace orderhub::http_gateway
