#pragma once
#include "journal/record.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// One record of an invocation as its journal keeps it.
struct entry {
  record_kind kind{};
  unix_ms time = 0;
  std::uint32_t index = 0;
  std::string payload;

  friend bool operator==(const entry&, const entry&) = default;
};

/// One invocation: input, journal, and how it ended.
struct invocation_state {
  invocation_id id;
  unix_ms accepted_at = 0;
  input_payload input;
  std::vector<entry> entries; ///< Everything after the input, in log order.
  bool finished = false;
  unix_ms finished_at = 0;
  std::string output;      ///< Encoded result<std::string>; empty while not finished.
  std::string paused_text; ///< Why it cannot go on; empty where it can.

  friend bool operator==(const invocation_state&, const invocation_state&) = default;
};

/// A child's result that its caller has not taken into its own journal yet.
struct undelivered_completion {
  invocation_id invocation;     ///< The caller's invocation.
  std::uint32_t completion = 0; ///< The caller's completion id.
  std::string encoded_result;

  friend bool operator==(const undelivered_completion&, const undelivered_completion&) = default;
};

/// What a person did to an object.
struct operator_entry {
  unix_ms at = 0;
  invocation_id invocation; ///< Zeros: the whole object.
  operator_payload action;

  friend bool operator==(const operator_entry&, const operator_entry&) = default;
};
/// The newest ones are kept.
constexpr std::size_t operator_entries_max = 100;

/// Everything that is known of one object: the fold of all its records. The actor folds what it
/// appends into its own copy; the store folds the log into rows with the same function.
struct object_state {
  object_id id;
  log_sequence folded_to = 0; ///< Records up to here are contained.
  unix_ms last_time = 0;      ///< Time of the last record folded.
  std::map<std::string, std::string, std::less<>> values;
  std::vector<invocation_state> live; ///< Not finished, in log order.
  std::vector<undelivered_completion> undelivered;
  /// Live invocations that were asked to stop and have not been told.
  std::vector<invocation_id> cancels;
  /// An input said so: the object goes when its last invocation is forgotten.
  bool ephemeral = false;
  unix_ms last_finished_at = 0; ///< Of an ephemeral object's invocations; 0: none has finished.
  /// A person has paused it: nothing is begun and nothing sent until one resumes it.
  bool paused_by_operator = false;
  std::vector<operator_entry> operators; ///< Newest last.
  /// Finished since the row was last written; they move to the invocation table and are not part of
  /// the row's bytes.
  std::vector<invocation_state> finished;

  friend bool operator==(const object_state&, const object_state&) = default;

  [[nodiscard]] const std::string* value(std::string_view name) const;
  [[nodiscard]] invocation_state* find_live(const invocation_id& id);
  [[nodiscard]] const invocation_state* find_live(const invocation_id& id) const;
  /// Nothing worth a row: no values, nothing live (what waits for something live ends with it).
  [[nodiscard]] bool blank() const {
    return values.empty() && live.empty() && undelivered.empty() && operators.empty();
  }
};

/// Objects that a record speaks of beside its own: the target of a `call`, `send` or
/// `cancel_invocation`, the caller of an `output`. Needs the state of the record's own object only
/// for `output`.
std::optional<object_id> target_of(const record& r);

/// `output` carries the caller, so that one record reaches both: result and who waits.
struct output_payload {
  std::string encoded_result;
  std::optional<caller_ref> caller;

  friend bool operator==(const output_payload&, const output_payload&) = default;
};
std::string encode(const output_payload& p);
result<output_payload> decode_output(std::string_view bytes);

/// Folds one record into the state of `state.id`, in whichever role that object has in it: owner,
/// target or caller. Pure. Fails with `corrupt` where the record's payload cannot be read.
result<void> apply(object_state& state, const record& r, log_sequence at);

/// A wait of an object: journal times of its record and of its end.
struct recorded_wait {
  unix_ms recorded_at = 0;
  unix_ms due = 0;

  friend bool operator==(const recorded_wait&, const recorded_wait&) = default;
};
/// The wait that ends first, by its due time, of those after which this object has something to do
/// by itself (sleep, delayed input, retry); nothing where it has none.
std::optional<recorded_wait> next_due(const object_state& state);

/// Notes that a live invocation is to be told to stop; nothing where it has ended, knows, or is
/// noted.
void ask_to_stop(object_state& state, const invocation_id& invocation);

/// The invocation made a promise with that completion id.
bool has_awakeable(const invocation_state& invocation, std::uint32_t completion);

/// A step whose call may or may not have taken effect, as far as its journal says.
struct open_doubt {
  std::string step;
  unix_ms since = 0;
  std::string reason;
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
};
/// Of the live invocations, in log order. `needs_person` also where it goes on by itself.
std::vector<open_wait> open_waits(const object_state& state);

/// Indexes of the open effects of one step and attempt; an empty attempt means any.
std::vector<std::uint32_t> open_steps(const invocation_state& invocation, std::string_view step,
                                      std::string_view attempt);

/// Completions of the open waits for an event of the object.
std::vector<std::uint32_t> event_waits(const invocation_state& invocation);

/// True where the object must be activated at start: an open effect, a result or a cancel not yet
/// delivered, a call whose callee may have ended, an input that has not begun. False where all it
/// waits for are timers and awakeables.
bool needs_resume(const object_state& state);

/// The row of an object, and back. `finished` is not part of it.
///   u8 version | u64 folded_to | u64 last time | str8 service | str8 key | u32 count, values |
///   u32 count, live invocations | u32 count, undelivered | u32 count, cancels |
///   u8 flags (1: ephemeral, 2: paused by an operator) | [1: u64 last finished at] |
///   u32 count, operator entries | u32 crc
std::string encode(const object_state& state);
result<object_state> decode_object(std::string_view bytes);
/// Whether these are the bytes of an undamaged row, but of a version that only a newer program
/// reads: nothing to be set aside.
bool of_newer_version(std::string_view row);

/// The row of a finished (or, with empty journal, a live) invocation.
///   u8 version | str8 service | str8 key | invocation | u32 crc
struct invocation_row {
  object_id object;
  invocation_state invocation;
};
std::string encode(const invocation_row& row);
result<invocation_row> decode_invocation_row(std::string_view bytes);

} // namespace orderhub::journal
