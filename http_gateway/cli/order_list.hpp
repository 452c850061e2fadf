#pragma once
#include "http_gateway/cli/client.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// NOLINTBEGIN(readability-identifier-naming): CLI11's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

namespace orderhub::http_gateway::cli {

/// `orders list`: which orders, and how they are printed.
struct order_list_options {
  /// `true` or `false`; empty: not asked.
  std::string open, needs_person, called, acked, in_doubt, stuck, paused;
  std::string status, vendor, waits_for, reason, older_than, since, until, updated_since, sort,
      key_prefix, key_contains, query, currency, min_total, max_total;
  std::string email, phone; ///< Posted: in no URL.
  std::size_t limit = 200;  ///< Of all pages.
  bool wants_all = false, only_keys = false, has_no_header = false;
  bool watches = false; ///< Then follows what changes, until it is ended.
  std::string columns;  ///< With commas; empty: those of the form.
};

/// Adds the options: all, or those that say which orders (`met`: what a step met last).
void add_options(CLI::App& command, order_list_options& options);
void add_filter_options(CLI::App& command, order_list_options& options, const char* met);
/// What says which orders, as the API names it; without email and phone.
std::vector<std::pair<std::string, std::string>> parameters_of(const order_list_options& options);

/// The words of `--status` and `--waits-for`, as the hub has them.
std::span<const std::string_view> known_statuses();
std::span<const std::string_view> known_waits();

/// Names of columns, for whoever asks for another.
std::string column_names();

/// Asks page by page and prints: `output` is `table`, `wide`, `json` (one document), `jsonl` or
/// `tsv` (a line an order, as its page comes). An exit status.
int list_orders(const order_list_options& options, std::string_view output, const client& hub,
                std::ostream& out, std::ostream& err);

/// `orders watch`: a line whenever that order changes, until it is `done` (nothing of it is open)
/// or `settled` (nothing of it is in doubt or on its way). An exit status: `not_yet` where
/// `timeout_ms` (0: none) came first.
int watch_order(const std::string& key, std::string_view until, std::int64_t timeout_ms,
                std::string_view output, const client& hub, std::ostream& out, std::ostream& err);

} // namespace orderhub::http_gateway::cli
