#pragma once
#include "journal/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::host {

/// How the orders of a hub stand at one moment, for its metrics. Whoever gives it has counted all
/// along: a scrape scans no journal. What nobody counts yet is not there, and has no value then.
struct order_gauges {
  /// Orders by status; the statuses are a closed set of the handlers'.
  std::vector<std::pair<std::string_view, std::uint64_t>> by_status;
  // Objects of orders: an order, its shipment and its notices count each for itself.
  std::uint64_t in_doubt = 0;          ///< With a step of which nobody knows whether it happened.
  std::uint64_t attention = 0;         ///< A person was called for, and has not ended it.
  std::optional<std::uint64_t> paused; ///< By an operator, or by a fault.
  std::optional<std::uint64_t> stuck;  ///< Orders that nothing will wake: a fault of ours.
  /// Events that found nothing, or contradict their order, and that nobody has settled.
  std::optional<std::uint64_t> dead_webhooks;
  struct oldest {
    std::string_view waits_for; ///< `handlers::wait_word_of`.
    unix_ms since = 0;          ///< Of what has waited longest for it.
  };
  std::vector<oldest> oldest_open;
};

} // namespace orderhub::host
