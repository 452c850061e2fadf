#pragma once
#include "actors/durable/task.hpp"
#include "journal/object_state.hpp"
#include "journal/replay.hpp"
#include "providers/operation.hpp"

#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orderhub::durable {

/// The failure of an await that a cancel ended.
inline error cancelled_error() {
  return {error_kind::cancelled, "durable", "the invocation was cancelled", 409};
}

/// What every top-level handler returns: the answer's JSON text, or how it failed.
using handler_task = task<result<std::string>>;

/// An effect that has begun or was found open in the journal.
struct effect_start {
  invocation_id invocation;
  std::uint32_t index = 0; ///< Command index of the intent.
  journal::effect_payload intent;
  providers::raw_operation operation; ///< Parsers and policies, as this program builds them.
  bool recovered = false;             ///< From the journal: the call may have left.
  bool shielded = false;              ///< It compensates: no cancel reaches it.
  unix_ms accepted_at = 0;            ///< When the intent was recorded.
  std::vector<journal::recorded_note> notes;
  bool cancelled = false; ///< Recovered, and the journal holds a cancel that concerns it.
};

/// What a verified event says of one step.
struct step_evidence {
  std::string step;
  /// The handler's attempt that it speaks of, as in the request's metadata; empty: any.
  std::string attempt;
  bool happened = true; ///< False: the vendor says that it failed. That only makes a look-up due.
  std::string value;    ///< Of `happened`: the step's value, as its parser would have encoded it.
  /// Of the key that the request had, from 1. What an older one did says nothing of the call that
  /// is open now. 0: any.
  std::uint32_t generation = 0;
};

/// What an execution needs of the object it runs in.
class execution_host {
public:
  virtual ~execution_host() = default;
  /// Appends a record of this invocation to the turn and folds it into the object.
  virtual void append(const invocation_id& invocation, journal::record_kind kind,
                      std::uint32_t index, std::string payload) = 0;
  [[nodiscard]] virtual const std::string* state_value(std::string_view name) const = 0;
  /// The service's merge of its entry's current value and a delta.
  [[nodiscard]] virtual std::string merged(std::string_view name, std::string_view delta) const = 0;
  /// Builds the intent of an operation: key, target, bytes.
  [[nodiscard]] virtual journal::effect_payload intent_of(const providers::raw_operation& op,
                                                          std::string_view step,
                                                          std::string_view attempt) const = 0;
  virtual void begin_effect(effect_start effect) = 0;
  /// A `call` or `send` was recorded live; its target hears of it.
  virtual void began_call(const journal::call_payload& call) = 0;
  virtual void cancel_other(const object_id& object, const invocation_id& invocation) = 0;
  /// The object's exclusive invocation that has begun; empty where none runs.
  [[nodiscard]] virtual invocation_id running_exclusive() const = 0;
  [[nodiscard]] virtual unix_ms now() const = 0;
  /// Steady time at which a wait recorded at `recorded` ends that is due at `due`.
  [[nodiscard]] virtual std::int64_t steady_due(unix_ms recorded, unix_ms due) const = 0;
  /// The hub id in hex.
  [[nodiscard]] virtual std::string hub_text() const = 0;
  [[nodiscard]] virtual std::string_view revision_of(const object_id& target,
                                                     std::string_view handler) const = 0;
  [[nodiscard]] virtual bool is_shared(const object_id& target, std::string_view handler) const = 0;
  [[nodiscard]] virtual bool is_ephemeral(const object_id& target,
                                          std::string_view handler) const = 0;
  /// An operator's pause does not hold that handler.
  [[nodiscard]] virtual bool passes_pause(const object_id& target,
                                          std::string_view handler) const = 0;
  /// A cancel that no pause holds is under way in this object.
  [[nodiscard]] virtual bool is_cancel_under_way() const = 0;
};

/// One activation of one invocation: the coroutine, and its journal. Replays what is recorded, then
/// runs live. Single-threaded; the object's actor owns it.
class execution {
public:
  using start_function = std::function<handler_task(execution&, std::string body)>;

  execution(execution_host& host, object_id object, const journal::invocation_state& recorded,
            start_function start);
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;

  /// Builds the frame and replays. Call once.
  void begin();
  /// A completion that was just recorded; resumes the handler if it waits for it.
  void deliver(std::uint32_t completion, result<std::string> value);
  /// A cancel that was just recorded.
  void deliver_cancel();

  /// It cannot go on, for a reason that its host has found: nothing resumes it any more.
  void freeze(error why) { diverge(std::move(why)); }

  [[nodiscard]] bool finished() const { return finished_; }
  /// Set where the invocation cannot go on: diverged, or the handler threw.
  [[nodiscard]] const std::optional<error>& pause_reason() const { return pause_reason_; }
  [[nodiscard]] const invocation_id& id() const { return id_; }
  [[nodiscard]] const object_id& object() const { return object_; }
  [[nodiscard]] unix_ms accepted_at() const { return accepted_at_; }
  /// Completion is one that the journal still waits for.
  [[nodiscard]] bool open(std::uint32_t completion) const;
  [[nodiscard]] bool is_effect(std::uint32_t completion) const;
  /// Open sleeps: completion id to due time, steady.
  [[nodiscard]] const std::map<std::uint32_t, std::int64_t>& sleeps() const { return sleeps_; }

  // ── What `context` and its futures call ──
  std::optional<std::string> get(std::string_view name);
  void set(std::string_view name, std::string value);
  void clear(std::string_view name);
  void merge(std::string_view name, std::string_view delta);
  /// Recorded result of a `run`, or null where it must be executed and handed to `record_run`.
  std::optional<result<std::string>> recorded_run(std::string_view name);
  void record_run(std::string_view name, const result<std::string>& value);
  struct issued {
    std::uint32_t completion = 0;
    std::optional<error> refused; ///< Nothing was begun: a cancel was pending, or a call can't end.
    invocation_id child;          ///< Of a call or send.
  };
  issued effect(std::string_view step, providers::raw_operation op, std::string_view attempt);
  issued sleep(std::int64_t duration_ms);
  issued awakeable();
  issued await_event();
  /// The other side of a race was first: the timer ends, here and in the journal.
  void close_timer(std::uint32_t completion);
  /// From here on no cancel reaches this invocation: it compensates.
  void shield();
  issued call(const object_id& target, std::string_view handler, std::string body, bool wait,
              std::int64_t delay_ms);
  void cancel_invocation(const object_id& target, const invocation_id& invocation);
  void cancel_running();

  struct wait_request {
    std::vector<std::uint32_t> completions;
    bool any = false;         ///< First of them; else all.
    bool cancellable = false; ///< False where it waits for effects.
  };
  /// True: no need to wait (satisfied, or a cancel is pending and it is cancellable).
  bool ready(const wait_request& request);
  void suspend(wait_request request, std::coroutine_handle<> who);
  /// After a wait: true once where it ended by cancel.
  bool take_cancel(const wait_request& request);
  [[nodiscard]] bool completed(std::uint32_t completion) const {
    return slots_.contains(completion);
  }
  result<std::string> take(std::uint32_t completion);
  [[nodiscard]] bool paused() const { return pause_reason_.has_value(); }
  [[nodiscard]] execution_host& host() { return host_; }

private:
  struct command {
    std::uint32_t index = 0;                  ///< Its place in the handler.
    const journal::entry* recorded = nullptr; ///< What the journal holds of it; null: it is new.
  };
  /// The handler asks for its next step: the recorded one, or a new one to be appended. Nothing:
  /// the invocation is paused, by now at the latest (another step is recorded there).
  std::optional<command> next_command(journal::record_kind kind, std::string_view name);
  issued waits_for(journal::record_kind kind, std::uint32_t completion, invocation_id child = {});
  /// True once where a cancel waits for the handler's next await.
  [[nodiscard]] bool consume_cancel() {
    return !pause_reason_ && std::exchange(cancel_pending_, false);
  }
  /// Objects that nobody else can use exclusively while this invocation waits for a call.
  [[nodiscard]] std::vector<object_id> chain_while_calling() const;
  /// A call that waits for its own end is refused, and so is a chain past its bound.
  [[nodiscard]] std::optional<error> why_not_call(const std::vector<object_id>& chain,
                                                  const object_id& target,
                                                  std::string_view handler) const;
  void drive();
  void run_frame();
  void finish_if_done();
  void finish(const result<std::string>& outcome);
  void apply_entry(const journal::entry& e);
  void close_timers();
  [[nodiscard]] bool satisfied(const wait_request& request) const;
  issued wait_from_outside(journal::record_kind kind);
  void diverge(error e);

  execution_host& host_;
  object_id object_;
  invocation_id id_;
  unix_ms accepted_at_ = 0;
  journal::input_payload input_;
  std::vector<journal::entry> entries_; ///< Recorded before this activation.
  journal::replay_cursor cursor_;
  start_function start_;
  handler_task frame_;
  bool started_ = false;
  bool finished_ = false;
  std::optional<result<std::string>> ended_with_; ///< The frame has ended; effects have not.
  bool running_ = false;
  bool cancel_recorded_ = false;
  bool cancel_pending_ = false;
  bool shielded_ = false;
  std::optional<error> pause_reason_;
  std::uint32_t next_index_ = 1;      ///< Input is 0.
  std::uint32_t next_completion_ = 1; ///< 0 means none.
  std::unordered_map<std::uint32_t, result<std::string>> slots_;
  std::map<std::uint32_t, std::int64_t> sleeps_;
  std::set<std::uint32_t>
      to_close_; ///< Timers of races that ended in a replay, open in the journal.
  std::map<std::uint32_t, journal::record_kind> waiting_kinds_; ///< Open completions.
  std::vector<effect_start> open_effects_;                      ///< Replayed and not answered yet.
  std::optional<wait_request> waiting_;
  std::coroutine_handle<> waiter_;
};

} // namespace orderhub::durable
