#pragma once
#include "actors/durable/object_machine.hpp"

#include <cstdint>
#include <optional>

namespace orderhub::host {

/// What decides whether an active object may be dropped.
struct memory_facts {
  explicit memory_facts(const durable::object_machine& machine)
      : calling(machine.calling()), suspendable(machine.suspendable()),
        nothing_live(machine.state().live.empty()) {}

  bool calling;
  bool suspendable;
  bool nothing_live;
  /// Its turns are on disk, and so are those of others whose messages only its memory holds.
  bool all_durable = false;
  bool draining = false;
  /// It has been quiet for a while: an answer of another object mostly comes within milliseconds.
  bool quiet = false;
  std::optional<std::int64_t> due_in_ms = std::nullopt;
  std::int64_t stays_ms = 0; ///< One that is due sooner is not worth building again.
};

/// While the hub drains, what waits is left to the next start, long before its time.
inline bool may_leave_memory(const memory_facts& f) {
  if (!f.all_durable)
    return false;
  if (f.draining && f.quiet && !f.calling)
    return true;
  if (!f.suspendable)
    return false;
  return f.nothing_live || (f.quiet && !(f.due_in_ms && *f.due_in_ms < f.stays_ms));
}

/// When what a step of an object caused outside (calls, answers) may leave.
enum class leaving : std::uint8_t {
  behind_turn, ///< When its turn is durable; an empty one where there is nothing to write.
  at_once,     ///< All it follows from is durable.
  nothing,     ///< Nothing leaves, and there is nothing to write.
};
inline leaving when_it_leaves(bool has_records, bool has_consequences, bool turns_out) {
  if (has_records || (has_consequences && turns_out))
    return leaving::behind_turn;
  return has_consequences ? leaving::at_once : leaving::nothing;
}

} // namespace orderhub::host
