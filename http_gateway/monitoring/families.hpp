#pragma once
#include "actors/durable/core_metrics.hpp"
#include "actors/durable/wait_board.hpp"
#include "actors/handlers/webhooks/webhook_counts.hpp"
#include "actors/host/call_counts.hpp"
#include "actors/host/order_gauges.hpp"
#include "actors/host/vendor_status.hpp"
#include "http_gateway/monitoring/metrics_page.hpp"
#include "http_gateway/server/metrics.hpp"
#include "http_gateway/webhooks/webhook_metrics.hpp"
#include "journal/base/labelled.hpp"
#include "journal/base/time.hpp"
#include "journal/hub_journal.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the rooms count, as families of metrics: the names, labels and units, which
/// OPERATING.md tells, rules and board are written with, and `monitoring_test.py` holds against
/// them. Every label is of a closed set or of the configuration; none is an order's.
///
/// In the order in which a page that is full leaves out from its end.
namespace orderhub::http_gateway {

/// The program, and the process that it runs in.
struct process_facts {
  std::string_view version;
  std::string mode; ///< `live`, `test`, `mock` or `none`.
};
void add_process(metrics_page& page, const process_facts& facts);

struct journal_facts {
  journal::journal_metrics journal;
  bool accepting = true;
  std::uint64_t checkpoint_bytes = 0; ///< So many unfolded begin a checkpoint.
  std::uint64_t file_bytes = 0;       ///< Of the tables.
  std::uint64_t free_bytes = 0;       ///< Of its disk, for us.
  std::int64_t oldest_reader_ms = 0;
  unix_ms last_backup_at = 0; ///< 0: never, as far as is known.
};
void add_journal(metrics_page& page, const journal_facts& facts);

/// How the hub's own parts stand.
struct hub_facts {
  std::int64_t active_objects = 0;
  std::uint64_t paused_objects = 0; ///< That failed again and again.
  std::uint64_t waiting_callers = 0;
  std::uint64_t turns_queued = 0;
  std::uint64_t timers_due = 0;
  std::uint64_t failures = 0;
  labelled_counts<1>::values_type errors; ///< Of the log, by event.
  labelled_counts<2>::values_type operator_actions;
};
void add_hub(metrics_page& page, const hub_facts& facts);

struct order_facts_shown {
  host::order_gauges gauges;
  const durable::core_metrics& core;
  labelled_counts<1>::values_type attention; ///< By step.
  std::uint64_t called = 0;                  ///< How often a person was called, whatever for.
  unix_ms now = 0;
  labelled_counts<2>::values_type second_sends = {}; ///< By first vendor and provider.
};
void add_orders(metrics_page& page, const order_facts_shown& facts);

struct webhook_facts {
  const webhook_metrics& door;
  const handlers::webhook_counts& events;
  std::optional<std::uint64_t> dead; ///< `order_gauges::dead_webhooks`; nothing: it has no sample.
};
void add_webhooks(metrics_page& page, const webhook_facts& facts);

/// Each listener with what it counts.
using listeners = std::span<const std::pair<std::string_view, server_metrics>>;
void add_http(metrics_page& page, listeners all);

struct vendor_facts {
  std::span<const host::vendor_places> places;
  std::span<const host::vendor_calls> calls;
  std::span<const durable::waiting_count> waiting;
};
void add_vendors(metrics_page& page, const vendor_facts& facts);

} // namespace orderhub::http_gateway
