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

/// One of all that people did, on whatever object.
struct recorded_action {
  log_sequence lsn = 0;
  object_id object;
  operator_entry entry;
};
/// Which of them: behind (older than) that place, not before `since`.
struct action_search {
  unix_ms behind_time = 0;     ///< 0: from the newest on.
  log_sequence behind_lsn = 0; ///< Of those of the same time.
  unix_ms since = 0;
  std::size_t limit = 50;
};

/// What a record does to rows of invocations that ended before it. Of the fold that meets the
/// record, as `finished` is: in no row, and no part of what an object is.
struct past_change {
  bool erases = false; ///< They lose what they hold of a customer.
  bool goes = false;   ///< Their rows go.
  /// Beside those that an index knows to be the object's.
  std::vector<invocation_id> named;
  std::size_t gone = 0; ///< Of `finished`, from its front: they get no row.

  [[nodiscard]] bool is_none() const { return !erases && !goes; }
  friend bool operator==(const past_change&, const past_change&) = default;
};

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
  /// It is purged: nothing is ever begun on it again.
  bool purged = false;
  /// Finished since the row was last written; they move to the invocation table and are not part of
  /// the row's bytes.
  std::vector<invocation_state> finished;
  past_change past;

  friend bool operator==(const object_state&, const object_state&) = default;

  [[nodiscard]] const std::string* value(std::string_view name) const;
  [[nodiscard]] invocation_state* find_live(const invocation_id& id);
  [[nodiscard]] const invocation_state* find_live(const invocation_id& id) const;
  /// Nothing worth a row: no values, nothing live (what waits for something live ends with it).
  [[nodiscard]] bool blank() const {
    return values.empty() && live.empty() && undelivered.empty() && operators.empty();
  }
};

/// Takes out of a finished invocation all that may be a customer's: bodies, values, what steps sent
/// and what they came to. What was done, when, at which vendor and under which key stays, and so do
/// failures, vendors' request ids and evidence.
void erase_content(invocation_state& invocation);

/// Objects that a record speaks of beside its own: the target of a `call`, `send` or
/// `cancel_invocation`, the caller of an `output`. Needs the state of the record's own object only
/// for `output`.
std::optional<object_id> target_of(const record& r);

/// Folds one record into the state of `state.id`, in whichever role that object has in it: owner,
/// target or caller. Pure. Fails with `corrupt` where the record's payload cannot be read.
result<void> apply(object_state& state, const record& r, log_sequence at);

/// Notes that a live invocation is to be told to stop; nothing where it has ended, knows, or is
/// noted.
void ask_to_stop(object_state& state, const invocation_id& invocation);

} // namespace orderhub::journal
