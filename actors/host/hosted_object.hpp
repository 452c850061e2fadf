#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/host/host_context.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/object_event.hpp"
#include "actors/host/pending_output.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace orderhub::host {

/// When the host would let an object go.
struct leave_terms {
  bool draining = false;
  /// It has been quiet for a while: an answer of another object mostly comes within milliseconds.
  bool quiet = false;
  /// One that is due sooner than in so many milliseconds is not worth building again.
  std::int64_t stays_ms = 0;
};

/// One virtual object while it is active: the durable machine, and around it what every host does
/// alike. It loads the object, gives it events, answers or lists whoever waits, appends its turns,
/// holds what they cause until they are durable, gives its messages on, and ends the activation
/// where handling an event throws. One thread at a time, its actor's; `shared` and `host` outlive
/// it. May serve one object after another, each from `begin` to `leave`.
class hosted_object {
public:
  hosted_object(host_context& shared, object_host& host) : shared_(shared), host_(host) {}
  hosted_object(const hosted_object&) = delete;
  hosted_object& operator=(const hosted_object&) = delete;

  /// The next object; the one before leaves. It is loaded with its first event.
  void begin(activation who);
  /// Hands the event to the machine and carries out what follows. `source`: of a message from
  /// another object, the turn that it follows from; until that is durable, only memory holds what
  /// the message said, and the object stays. Moves out of `event`; what is left of it has no
  /// responder that was not answered. Throws nothing.
  void handle(object_event& event, turn_ref source = {});
  /// Says again what could not be said for want of memory: that the activation failed. Before each
  /// event; cheap.
  void report_failure();
  /// "Leave now": of the object nothing stays in memory. Sound at any time, since all it told
  /// anybody is in its turns; without loss of work where `may_leave`.
  void leave();

  [[nodiscard]] bool in_memory() const { return !left_; }
  [[nodiscard]] const activation& who() const { return who_; }
  /// Null before the first event, and where the object cannot be read.
  [[nodiscard]] const durable::object_machine* machine() const { return machine_.get(); }
  /// When a `tick` is wanted, steady milliseconds.
  [[nodiscard]] std::optional<std::int64_t> due() const {
    return machine_ ? machine_->due() : std::nullopt;
  }
  /// It has nothing to do here that could not be done by another activation.
  [[nodiscard]] bool may_leave(const leave_terms& terms);
  /// Its turns are durable, and so are those of others whose messages only its memory holds.
  [[nodiscard]] bool all_durable();
  /// All that is live waits for times, people or other objects, and everything is durable.
  [[nodiscard]] bool at_rest() { return machine_ && machine_->suspendable() && all_durable(); }

private:
  void take(object_event& event, const turn_ref& source);
  bool load();
  void on(external_input& in);
  void on(durable::object_message& message) { machine_->on_message(message); }
  void on(awakeable_input& in);
  void on(operator_input& in);
  std::optional<call_response> begin_for(const operator_input& in);
  [[nodiscard]] bool has_moved(const seen_object& seen);
  void on(vendor_outcome& a);
  void on(place_offered& p);
  void on(tick&) { machine_->on_time(); }
  void on(wake&) {}
  void on(turn_durable&) {}
  void on(activation_failed& f);

  void take_in(external_input& in, const durable::input_verdict& verdict);
  void accept_again(const invocation_id& id, responder_ptr to);
  void join(const invocation_id& id, responder_ptr to);
  void look_whether_durable(const invocation_id& id);
  void respond_when_durable(responder_ptr& to, call_response response);
  void flush();
  void append(journal::turn turn, pending_output what);
  [[nodiscard]] bool grounded() const;
  void fail(object_event& event, std::string_view why);
  void tell_failed(std::string_view event, std::string_view why);
  [[nodiscard]] bool turns_out() const { return durable_->load() < appended_; }

  host_context& shared_;
  object_host& host_;
  activation who_;
  std::unique_ptr<durable::object_machine> machine_;
  std::uint64_t appended_ = 0;     ///< Turns given to the host.
  std::uint64_t from_outside_ = 0; ///< The last of them that took in something from outside.
  /// How many of them are durable; whoever releases them counts.
  std::shared_ptr<std::atomic<std::uint64_t>> durable_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::vector<turn_ref> sources_;           ///< Of what only memory holds.
  std::vector<object_id> untold_;           ///< By a turn that was appended.
  pending_output now_;                      ///< Of the event being handled.
  std::shared_ptr<pending_output> in_hand_; ///< The same, while it is given to the host.
  bool left_ = true;
  bool failed_ = false; ///< And the host does not know yet.
};

/// Whoever waits for this event alone is told; an offered place goes to the next.
void refuse(host_context& shared, object_event& event, const call_response& response);

} // namespace orderhub::host
