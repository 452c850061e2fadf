#pragma once
#include "actors/durable/call_gate.hpp"
#include "actors/durable/effect_machine.hpp"
#include "actors/durable/execution.hpp"
#include "actors/durable/service.hpp"
#include "journal/base/hash.hpp"
#include "journal/hub_journal.hpp"
#include "journal/object_state.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace orderhub::durable {

/// A call to a vendor; leaves when the turn is durable, or `early`.
struct vendor_call {
  call_ref ref;
  std::string vendor;
  std::string_view call_class; ///< Constant of the operation.
  providers::http_request request;
  std::int64_t deadline_ms = 0;
  bool lookup = false; ///< Holds one of the look-ups' places.
  bool fresh = false;  ///< An answer was lost before: takes a connection opened now.
  /// May share a connection with others, whose break leaves all of them in doubt.
  bool may_multiplex = false;
  bool early = false; ///< What comes of it counts for nothing before: need not wait for the turn.
};

/// An invocation ended; its callers are answered when the turn is durable.
struct finished_call {
  invocation_id invocation;
  result<std::string> outcome;
};

// Messages to other objects of this hub. They follow their turn in the log's order, so they may be
// given on as soon as the turn is queued for the writer.
struct input_for {
  object_id target;
  invocation_id invocation;
  unix_ms accepted_at = 0;
  journal::input_payload input;
};
struct completion_for {
  journal::caller_ref to;
  std::string encoded_result;
};
struct cancel_for {
  object_id target;
  invocation_id invocation;
};
using object_message = std::variant<input_for, completion_for, cancel_for>;

/// Whom it is for.
object_id target_of(const object_message& message);

/// What one step of an object produced.
struct turn_output {
  journal::turn turn;                  ///< May be empty.
  std::vector<vendor_call> calls;      ///< After the turn is durable, but the early ones.
  std::vector<finished_call> finished; ///< After the turn is durable.
  std::vector<object_message> messages;

  [[nodiscard]] bool empty() const {
    return turn.records.empty() && calls.empty() && finished.empty() && messages.empty();
  }
};

enum class verdict_kind : std::uint8_t {
  accepted, ///< New; `invocation` is it.
  known,    ///< Same request key and body: `invocation` is the earlier one.
  conflict, ///< Same request key, another body: 422.
  full,     ///< Too many wait: 429.
  refused,  ///< The handler does not let it wait now: `why`. For an earlier one: `invocation`.
  failed,   ///< The journal could not be read: `why`.
};
/// What became of an input from outside.
struct input_verdict {
  verdict_kind kind = verdict_kind::accepted;
  invocation_id invocation;
  error why;
};

/// What became of settling an awakeable.
enum class awakeable_verdict : std::uint8_t { completed, already, unknown };

/// One active object: its folded state, its invocations' frames, its open effects. Takes events,
/// produces turns. Knows no actor, no store's inside and no socket; single-threaded. Every event is
/// followed by `take`, whose output the host releases.
class object_machine final : private execution_host {
public:
  /// `state` as loaded from the journal. The references must outlive the object.
  object_machine(journal::object_state state, const service_registry& services,
                 const journal::hub_journal& journal, const environment& env);
  ~object_machine() override;

  /// After construction: replays what is live and goes on.
  void activate();
  input_verdict on_input(const invocation_id& fresh, journal::input_payload input);
  void on_message(const object_message& message);
  awakeable_verdict on_awakeable(const awakeable_id& id, result<std::string> value);
  void on_outcome(const call_ref& ref, const providers::transport_outcome& outcome,
                  const providers::answer_reading* reading = nullptr);
  /// As `effect_machine::reader_of`; what it reads comes back by `on_outcome`.
  std::optional<providers::answer_reader> reader_of(const call_ref& ref,
                                                    const providers::transport_outcome& outcome);
  /// The gate has a place for that effect now (`sequence` does not count). Where nobody wants it
  /// any more, the host withdraws it.
  void on_place(const call_ref& ref);
  /// A person acts, on one invocation or (zeros) on all of the object. False: there is nothing open
  /// that it could be about; nothing was recorded.
  bool on_operator(const invocation_id& invocation, const journal::operator_payload& action);
  /// Whatever is due by now.
  void on_time();

  turn_output take();
  /// What `take` gives has records.
  [[nodiscard]] bool has_recorded() const { return !out_.turn.records.empty(); }

  /// Earliest steady time at which `on_time` is wanted. Of what is paused only the pause's own end
  /// is due.
  [[nodiscard]] std::optional<std::int64_t> due() const;
  /// Nothing is running in this process: all that is live waits for timers, awakeables, other
  /// objects, or is paused. Frames may be dropped.
  [[nodiscard]] bool suspendable() const;
  /// A vendor's answer is awaited in this process. Where none is, dropping everything loses only
  /// the time it takes to look again.
  [[nodiscard]] bool calling() const;
  [[nodiscard]] const journal::object_state& state() const { return state_; }
  /// Request keys that it keeps beside the journal: those of inputs that may not be committed yet,
  /// and at most 64 more.
  [[nodiscard]] std::size_t remembered_requests() const { return recent_requests_.size(); }
  /// Live invocations that cannot go on, with the reason.
  [[nodiscard]] std::vector<std::pair<invocation_id, std::string>> paused() const;

private:
  struct open_effect {
    std::unique_ptr<effect_machine> machine;
    std::uint32_t sequence = 0;
  };
  using effect_key = std::pair<invocation_id, std::uint32_t>;
  struct pending_completion {
    invocation_id invocation;
    std::uint32_t completion = 0;
    result<std::string> value;
    std::optional<journal::vendor_answer> answer = std::nullopt;
  };

  // execution_host
  void append(const invocation_id& invocation, journal::record_kind kind, std::uint32_t index,
              std::string payload) override;
  const std::string* state_value(std::string_view name) const override;
  std::string merged(std::string_view name, std::string_view delta) const override;
  journal::effect_payload intent_of(const providers::raw_operation& op, std::string_view step,
                                    std::string_view attempt) const override;
  /// The effect whose call this is and is still awaited, or null.
  effect_machine* that_called(const call_ref& ref);
  void begin_effect(effect_start effect) override;
  void began_call(const journal::call_payload& call) override;
  void cancel_other(const object_id& object, const invocation_id& invocation) override;
  invocation_id running_exclusive() const override;
  unix_ms now() const override;
  std::int64_t steady_due(unix_ms recorded, unix_ms due) const override;
  std::string hub_text() const override;
  std::string_view revision_of(const object_id& target, std::string_view handler) const override;
  bool is_shared(const object_id& target, std::string_view handler) const override;
  bool is_ephemeral(const object_id& target, std::string_view handler) const override;
  bool passes_pause(const object_id& target, std::string_view handler) const override;
  bool is_cancel_under_way() const override;

  [[nodiscard]] std::string merged(std::string_view name, const std::string* current,
                                   std::string_view delta) const;
  [[nodiscard]] error purged_error() const;
  [[nodiscard]] bool has_run(const invocation_id& id) const;
  void pump();
  bool pump_finished();
  bool pump_completions();
  bool pump_undelivered();
  bool pump_cancels();
  bool pump_holds();
  bool pump_starts();
  void start(const journal::invocation_state& invocation);
  void apply_event(const invocation_id& id, const handler_definition& handler);
  void tell_waiting(const std::string& event);
  [[nodiscard]] bool was_cancelled(const effect_start& effect) const;
  void give_evidence(const step_evidence& evidence);
  void resolve_awakeable(const awakeable_id& id, result<std::string> value);
  [[nodiscard]] bool has_completion(const invocation_id& invocation,
                                    std::uint32_t completion) const;
  void act(const invocation_id& invocation, const journal::operator_payload& action);
  [[nodiscard]] const handler_definition*
  handler_of(const journal::invocation_state& invocation) const;
  void end_following();
  void tell_effects(const invocation_id& invocation, const journal::operator_payload& action);
  void believe(const invocation_id& invocation, const journal::operator_payload& action);
  void forget_known_requests();
  [[nodiscard]] bool begins_later(const journal::invocation_state& invocation) const;
  [[nodiscard]] bool is_held(const journal::invocation_state& invocation) const;
  [[nodiscard]] bool is_held(const effect_start& effect) const;
  void hold_effects();
  void end_pause();
  void pause(const invocation_id& invocation, const std::string& why);
  void park_effects(const invocation_id& invocation);
  void apply(const effect_key& key, effect_step step);
  void record_completion(const invocation_id& invocation, std::uint32_t completion,
                         const result<std::string>& value,
                         const std::optional<journal::vendor_answer>& answer = std::nullopt);
  void cancel(const invocation_id& invocation);
  void end_unbegun(const journal::invocation_state& invocation);
  void take_finished(const invocation_id& invocation);
  [[nodiscard]] execution* find(const invocation_id& invocation);

  journal::object_state state_;
  std::set<invocation_id> loaded_live_; ///< Live when this activation began.
  const service_registry& services_;
  const journal::hub_journal& journal_;
  const environment& env_;
  const service_definition* service_ = nullptr;
  std::map<invocation_id, std::unique_ptr<execution>> executions_;
  std::map<effect_key, open_effect> effects_;
  std::vector<pending_completion> completions_;
  std::map<invocation_id, std::string> paused_;
  bool lets_undo_ = false; ///< Paused by an operator, and a cancel goes through.
  /// Request keys accepted in this activation: the journal may not have committed them yet.
  std::vector<std::pair<digest, journal::seen_request>> recent_requests_;
  turn_output out_;
};

} // namespace orderhub::durable
