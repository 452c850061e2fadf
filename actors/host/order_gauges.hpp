#pragma once
#include "actors/durable/wait_board.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::host {

/// How the orders of a hub stand at one moment, for its metrics. Whoever gives it has counted all
/// along: a scrape scans no journal. What nobody counts yet is not there, and has no value then.
struct order_gauges {
  /// Orders by status; the statuses are a closed set of the handlers'.
  std::vector<std::pair<std::string_view, std::uint64_t>> by_status;
  std::uint64_t in_doubt = 0;          ///< With a step of which nobody knows whether it happened.
  std::uint64_t attention = 0;         ///< A person was called for, and has not ended it.
  std::uint64_t stuck = 0;             ///< Which nothing will wake: a fault of ours.
  std::optional<std::uint64_t> paused; ///< By an operator.
  std::optional<std::uint64_t> suspended; ///< Open, and not in memory.
  /// Events that found nothing, and that nobody has settled.
  std::optional<std::uint64_t> dead_webhooks;
  struct oldest {
    std::string_view waits_for; ///< `waits_for_of`.
    unix_ms since = 0;          ///< Of the order that was open first, among those.
  };
  std::vector<oldest> oldest_open;
};
using order_gauges_source = std::function<order_gauges()>;

/// The few words for what an order waits for: `vendor`, `retry`, `settle`, `breaker`, `limiter`,
/// `webhook`, `customer`, `timer`, `call`, `operator`.
std::string_view waits_for_of(durable::wait_cause cause);

/// What the steps that wait, and are in memory, tell of it: a step counts as an order, so an order
/// of which two are in doubt counts twice. `stuck`: objects that failed again and again.
order_gauges gauges_of(std::span<const durable::waiting_count> waiting, std::uint64_t stuck);

} // namespace orderhub::host
