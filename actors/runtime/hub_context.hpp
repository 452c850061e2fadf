#pragma once
#include "actors/host/call_gate.hpp"
#include "actors/host/host_context.hpp"
#include "actors/runtime/journal_writer.hpp"
#include "actors/runtime/key_lanes.hpp"
#include "journal/base/ids.hpp"
#include "providers/registry.hpp"
#include "providers/transport.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

namespace orderhub::runtime {

class vendor_line;

/// Of one vendor: who owns what calls are sent with, and the way out.
struct provider {
  caf::actor actor;
  std::shared_ptr<vendor_line> line;
};

/// What every actor of one hub shares: things that are immutable after start or thread-safe by
/// themselves. Owned by the hub; outlives the actor system.
struct hub_context {
  host::host_context shared; ///< What the rules of hosting see of it.
  turn_writer& writer;
  providers::transport& transport;
  std::map<std::string, provider, std::less<>> providers = {}; ///< By vendor.
  std::vector<caf::actor> shards = {};                         ///< Of the objects, by key.
  /// Reads them. Held weakly: a detached actor that is held outlives the actor system.
  caf::actor_addr long_answers = {};
  std::atomic<std::uint64_t> incarnations{0}; ///< Activations so far.
  key_lanes lanes = {};                       ///< Into the gateways.
  /// Objects in memory, and messages of theirs on the way to others.
  std::atomic<std::int64_t> active_objects{0};
  std::atomic<std::uint64_t> timer_ticks{0};  ///< That the timer service handled.
  std::atomic<std::size_t> timers_due{0};     ///< Within the next two minutes, and overdue.
  std::atomic<std::size_t> paused_objects{0}; ///< For a person, after failing again and again.
  /// Objects active longer than this are looked at once a sweep.
  std::int64_t sweep_ms = 250;
  /// How long an object that only waits stays in memory.
  std::int64_t rest_ms = 0;
  /// Objects in memory, beyond which one that only waits leaves at the next look.
  std::int64_t resting_max = 16'384;
  /// After an outage, of resumed objects and overdue timers.
  std::size_t resume_per_second = 5'000;

  [[nodiscard]] std::int64_t steady_ms() const { return shared.env.time.steady_ms(); }
  /// Place in `shards`: the same for all objects of one key.
  [[nodiscard]] std::size_t shard_of(const object_id& object) const {
    return std::hash<std::string>{}(object.key) % shards.size();
  }
};

/// The gate for the vendors of one hub.
inline std::shared_ptr<host::vendor_gate> make_gate(const providers::registry& vendors,
                                                    host::gate_limits limits, const clock& time) {
  std::vector<std::string> names;
  host::call_limits rates;
  for (const auto& [name, endpoint] : vendors.endpoints) {
    names.push_back(name);
    rates.emplace(name, endpoint.limits);
  }
  return std::make_shared<host::vendor_gate>(names, limits, time, rates);
}

} // namespace orderhub::runtime
