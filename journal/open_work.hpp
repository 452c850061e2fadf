#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "journal/object_state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What an object has begun and not ended, as its journal says: what it waits for, since when, and
/// whether it goes on by itself. Pure functions of the state.
namespace orderhub::journal {

/// A wait of an object: journal times of its record and of its end.
struct recorded_wait {
  unix_ms recorded_at = 0;
  unix_ms due = 0;

  friend bool operator==(const recorded_wait&, const recorded_wait&) = default;
};
/// What the `wanted` of a pause with an end says: `until=` with the Unix time in milliseconds.
std::string pause_until(unix_ms due);
/// When an operator's pause ends by itself; nothing where it does not, or there is none.
std::optional<recorded_wait> pause_end(const object_state& state);

/// The wait that ends first, by its due time, of those after which this object has something to do
/// by itself (sleep, delayed input, retry, the end of a pause); nothing where it has none.
std::optional<recorded_wait> next_due(const object_state& state);

/// The invocation made a promise with that completion id.
bool has_awakeable(const invocation_state& invocation, std::uint32_t completion);

/// A step whose call may or may not have taken effect, as far as its journal says.
struct open_doubt {
  std::string step;
  unix_ms since = 0;
  std::string reason;
  std::string operation; ///< Whether what it may have done counts, its vendor's table says.
};
/// Of the live invocations, in log order.
std::vector<open_doubt> open_doubts(const object_state& state);

/// A step that cannot go on by itself now, or not at once.
struct open_wait {
  std::string step;
  std::string vendor;
  unix_ms since = 0;       ///< When the step began.
  std::uint32_t sends = 0; ///< How often its call has left so far.
  std::string reason;      ///< What it met last, or what it waits for.
  unix_ms next_at = 0; ///< When it goes on by itself; 0: when there is a place, or a person acts.
  bool needs_person = false;
  invocation_id invocation = {}; ///< Whose step it is,
  std::uint32_t index = 0;       ///< and which.
  bool in_doubt = false;         ///< It may have taken effect.
  std::string operation;
};
/// Of the live invocations, in log order: those that wait, are refused again and again, or for
/// which a person is called. `needs_person` also where it goes on by itself.
std::vector<open_wait> open_waits(const object_state& state);
/// The other open effects: their calls are out, or about to leave. `reason` is empty.
std::vector<open_wait> calls_out(const object_state& state);

/// A live invocation that has no open effect.
struct open_invocation {
  std::string handler;
  std::string body;
  unix_ms since = 0;    ///< When it was accepted.
  unix_ms due_at = 0;   ///< Not begun: when it is to begin; 0: as soon as it can.
  unix_ms wakes_at = 0; ///< Begun, and sleeping until then; 0: not sleeping.
  bool begun = false;
  std::string waits_for; ///< Not begun: the handler that runs before it. Begun: whom it called.
};
/// In log order; paused ones left out.
std::vector<open_invocation> open_invocations(const object_state& state);

/// Indexes of the open effects of one step and attempt; an empty attempt means any.
std::vector<std::uint32_t> open_steps(const invocation_state& invocation, std::string_view step,
                                      std::string_view attempt);

/// An open effect whose calls show an idempotency key.
struct open_key {
  std::string step, attempt;
  std::string first;            ///< Of the first generation.
  std::uint32_t generation = 1; ///< The one that counts now.
};
/// Of the live invocations, in log order.
std::vector<open_key> open_keys(const object_state& state);

/// Completions of the open waits for an event of the object.
std::vector<std::uint32_t> event_waits(const invocation_state& invocation);

/// True where the object must be activated at start: an open effect, a result or a cancel not yet
/// delivered, a call whose callee may have ended, an input that has not begun. False where all it
/// waits for are timers and awakeables.
bool needs_resume(const object_state& state);

} // namespace orderhub::journal
