#pragma once
#include "actors/durable/call_gate.hpp"
#include "actors/durable/core_metrics.hpp"
#include "actors/durable/wait_board.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/journal_clock.hpp"
#include "journal/base/random.hpp"
#include "providers/policy/vendor_clock.hpp"
#include "providers/registry.hpp"

#include <cstddef>
#include <cstdint>

namespace orderhub::durable {

/// What the durable core is given by its host. Outlives every object.
struct environment {
  const journal_clock& time;
  random_source& random; ///< Retry jitter only; used from one thread at a time.
  hub_id hub{};
  const providers::registry& vendors;
  /// Places on the wire; null: every call has one.
  call_gate* gate = nullptr;
  /// Told of every step that waits; null: nobody looks.
  wait_board* board = nullptr;
  /// Null: nobody counts.
  core_metrics* metrics = nullptr;
  /// What the vendors' `Date` headers show; null: their clocks are taken to agree with ours.
  providers::vendor_clocks* vendor_clocks = nullptr;
  /// Steady time at which this process began: no call of an earlier one has left after it.
  std::int64_t started_at = 0;
  /// How long nobody was here before that, as far as it is known.
  std::int64_t away_ms = 0;
  /// Waits longer than this are durable timers; shorter ones live in memory.
  std::int64_t durable_wait_ms = 3'000;
  std::size_t waiting_inputs_max = 1'000;
  std::int64_t request_retention_ms = 24LL * 3600 * 1000;
  /// Tests break this to show that the checks can fail: keys change with every send.
  bool unstable_keys_for_test = false;
};

} // namespace orderhub::durable
