#pragma once
#include "actors/durable/effect_machine.hpp"
#include "actors/durable/service.hpp"
#include "actors/runtime/journal_writer.hpp"
#include "actors/runtime/waiters.hpp"
#include "journal/hub_journal.hpp"
#include "providers/registry.hpp"
#include "providers/transport.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <caf/actor.hpp>

namespace orderhub::runtime {

/// How many at once, how often, makes at most so many a second.
struct resume_pace {
  explicit resume_pace(std::size_t per_second)
      : at_once(std::max<std::size_t>(per_second / 100, 1)),
        pause((1'000 * at_once + std::max<std::size_t>(per_second, 1) - 1) /
              std::max<std::size_t>(per_second, 1)) {}

  std::size_t at_once;
  std::chrono::milliseconds pause;
};

/// What every actor of one hub shares: things that are immutable after start or thread-safe by
/// themselves. Owned by the hub; outlives the actor system.
struct hub_context {
  journal::hub_journal& journal;
  turn_writer& writer;
  const durable::service_registry& services;
  const providers::registry& vendors;
  providers::transport& transport;
  const durable::environment& env;
  waiter_table waiters;
  std::map<std::string, caf::actor, std::less<>> providers; ///< By vendor.
  std::atomic<bool> accepting{true};
  std::atomic<bool> stalled{false};  ///< The journal takes no writes; `stall_reason` says why.
  std::atomic<bool> draining{false}; ///< Nothing more is resumed; the next start does it.
  std::atomic<std::uint64_t> vendor_calls{0};
  /// Objects in memory, and messages of theirs on the way to others.
  std::atomic<std::int64_t> active_objects{0};
  /// Objects active longer than this are looked at once a sweep.
  std::int64_t sweep_ms = 250;
  /// After an outage, of resumed objects and overdue timers.
  std::size_t resume_per_second = 5'000;
  std::size_t calls_in_flight_max = 512; ///< Per vendor; the rest waits in the provider actor.

  void set_stall(bool is_stalled, std::string reason) {
    const std::lock_guard lock(stall_mutex);
    stall_reason = std::move(reason);
    stalled = is_stalled;
  }
  [[nodiscard]] std::string why_stalled() const {
    const std::lock_guard lock(stall_mutex);
    return stall_reason;
  }
  mutable std::mutex stall_mutex{};
  std::string stall_reason = {};
};

} // namespace orderhub::runtime
