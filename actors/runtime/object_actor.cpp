#include "actors/runtime/object_actor.hpp"

#include "actors/host/memory.hpp"
#include "actors/host/response.hpp"
#include "actors/runtime/guard.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::runtime {

using namespace host;

namespace {

/// Waits shorter than this get a timer of their own; longer ones are seen by the directory's sweep.
constexpr std::int64_t precise_wait_ms = 1'000;

/// What waits for a turn to be durable.
struct pending_output {
  std::vector<durable::vendor_call> calls;
  std::vector<durable::finished_call> finished;
  std::vector<invocation_id> inputs;  ///< Accepted by this turn.
  std::vector<std::uint64_t> replies; ///< Numbers in the hub's table.

  [[nodiscard]] bool empty() const {
    return calls.empty() && finished.empty() && inputs.empty() && replies.empty();
  }
};

/// The input is on disk: who waited for that alone is answered.
void tell_durable(hub_context& hub, const invocation_id& id) {
  for (auto& [to, reply] : hub.waiters.mark_durable(id))
    to->finished(std::move(reply));
}

void send_to_provider(hub_context& hub, durable::vendor_call& call, const caf::actor& object,
                      std::uint64_t incarnation) {
  auto it = hub.providers.find(call.vendor);
  if (it == hub.providers.end()) {
    // Checked when the effect began; the registry does not change while the hub runs.
    log::error("vendor_without_provider", {{"vendor", call.vendor}});
    return;
  }
  caf::anon_send(it->second, provider_call{std::make_shared<durable::vendor_call>(std::move(call)),
                                           object, incarnation});
}

/// Lets out what a durable turn caused. On the writer's thread, or on the actor's where nothing of
/// the object waits for the disk: one message less on the way of every step. What throws holds
/// nothing else up; where a call did not leave, the object is built anew.
void release(hub_context& hub, pending_output& h, const caf::actor& object,
             std::uint64_t incarnation) {
  const auto each = [&](auto& list, auto&& what) {
    for (auto& item : list)
      if (!guarded("object", "consequence", [&] { what(item); }))
        ++hub.failures;
  };
  each(h.inputs, [&](const invocation_id& id) { tell_durable(hub, id); });
  for (auto& call : h.calls)
    guarded_or(
        "object", [&] { send_to_provider(hub, call, object, incarnation); },
        [&](std::string_view why) {
          caf::anon_send(object,
                         make_event(activation_failed{incarnation, std::string(why)}, false));
        });
  each(h.finished, [&](durable::finished_call& f) {
    for (auto& to : hub.waiters.take(f.invocation))
      to->finished(response_of(f.outcome, f.invocation));
  });
  each(h.replies, [&](std::uint64_t number) {
    if (auto r = hub.replies.take(number))
      r->to->finished(std::move(r->reply));
  });
}

} // namespace

void refuse(hub_context& hub, object_event& event, const call_response& reply) {
  if (auto* in = std::get_if<external_input>(&event); in != nullptr && in->to)
    std::exchange(in->to, nullptr)->finished(reply);
  else if (auto* settled = std::get_if<awakeable_input>(&event); settled != nullptr && settled->to)
    std::exchange(settled->to, nullptr)->finished(reply);
  else if (auto* action = std::get_if<operator_input>(&event); action != nullptr && action->to)
    std::exchange(action->to, nullptr)->finished(reply);
  else if (auto* place = std::get_if<place_offered>(&event))
    hub.gate->not_taken(place->offer);
}

namespace {

class object_shell {
public:
  object_shell(caf::event_based_actor* self, hub_context& hub, caf::actor directory, object_id id)
      : self_(self), hub_(hub), directory_(std::move(directory)) {
    assign({std::move(id), 0});
  }
  ~object_shell() { release(); }
  object_shell(const object_shell&) = delete;
  object_shell& operator=(const object_shell&) = delete;

  /// Passivation: of the object nothing stays in memory. The actor may be given to another one.
  void release() {
    if (std::exchange(released_, true))
      return;
    machine_.reset();
    --hub_.active_objects;
  }

  void handle(event_message& message) {
    if (message.assigned)
      assign(*message.assigned);
    if (failed_)
      guarded("object", "failure", [&] { tell_failed("failure", "no memory to say so before"); });
    if (released_) {
      // A late answer to the object before changes nothing: its intent is in the journal. What was
      // routed here before its activation failed goes to the next one.
      if (message.routed && !std::holds_alternative<tick>(*message.event))
        self_->send(directory_, route_message{id_, std::move(message)});
      return;
    }
    const arrival counted{message.source.durable ? &hub_.active_objects : nullptr};
    if (message.routed)
      ++handled_;
    guarded_or(
        "object", [&] { take(message); },
        [&](std::string_view why) { fail_activation(*message.event, why); });
  }

private:
  /// Takes a message from another object off the count when it has been handled.
  struct arrival {
    std::atomic<std::int64_t>* count;
    ~arrival() {
      if (count != nullptr)
        --*count;
    }
  };

  void take(event_message& message) {
    if (!message.source.is_durable())
      sources_.push_back(message.source);
    if (!machine_ && !load()) {
      refuse(hub_, *message.event, unreadable());
      report_idle({});
      return;
    }
    // Its row was damaged while it lived: what is out is finished, but nothing new is taken that
    // the next incarnation could not go on with.
    if (asked_from_outside(*message.event) && hub_.journal.set_aside(id_)) {
      refuse(hub_, *message.event, unreadable());
      flush();
      return;
    }
    std::visit([this](auto& e) { on(e); }, *message.event);
    flush();
  }

  /// What is in memory may be half of something: it goes, and the object is built anew from the
  /// journal when all it has queued is there. Whoever waits for an invocation goes on waiting;
  /// whose input or word is in no turn is told.
  void fail_activation(object_event& event, std::string_view why) {
    ++hub_.failures;
    const auto reply =
        failure(500, "The hub failed while it took this in, and has stored nothing of "
                     "it. Send it again.");
    pending_output lost = std::exchange(now_, {});
    if (in_hand_)
      lost = std::move(*std::exchange(in_hand_, nullptr));
    failed_ = true;
    machine_.reset();
    tell_failed(name_of(event), why);
    hub_.gate->forget(id_);
    for (const auto& id : lost.inputs)
      for (auto& to : hub_.waiters.take_not_durable(id))
        to->finished(reply);
    for (const auto number : lost.replies)
      if (auto r = hub_.replies.take(number))
        r->to->finished(reply);
    refuse(hub_, event, reply);
  }

  void tell_failed(std::string_view event, std::string_view why) {
    failed_message m{id_, incarnation_, std::string(event), std::string(why), untold_};
    self_->send(directory_, std::move(m));
    failed_ = false;
    untold_.clear();
    release();
  }

  void assign(const assignment& to) {
    release();
    failed_ = false;
    id_ = to.object;
    incarnation_ = to.incarnation;
    handled_ = 0;
    ticks_.clear();
    swept_ = false;
    released_ = false;
    sources_.clear();
    untold_.clear();
    now_ = {};
    in_hand_.reset();
    ++hub_.active_objects;
  }

  bool load() {
    auto state = hub_.journal.load(id_);
    if (!state) {
      if (!hub_.journal.set_aside(id_)) // Which the journal has named, once.
        log::error("object_unreadable",
                   {{"object", id_.text()}, {"reason", state.error().message}});
      return false;
    }
    state->id = id_;
    machine_ = std::make_unique<durable::object_machine>(std::move(*state), hub_.services,
                                                         hub_.journal, hub_.env);
    machine_->activate();
    return true;
  }

  static call_response unreadable() {
    return failure(500, "The stored state of this object cannot be read. It was left as it is; run "
                        "`orderhub journal verify`.");
  }

  static bool asked_from_outside(const object_event& event) {
    return std::holds_alternative<external_input>(event) ||
           std::holds_alternative<awakeable_input>(event) ||
           std::holds_alternative<operator_input>(event);
  }

  void on(external_input& in) {
    using kind = durable::verdict_kind;
    const auto verdict = machine_->on_input(in.invocation, std::move(in.input));
    take_in(in, verdict);
    // The journal may have stopped while this was done, and those who waited then been told.
    const bool waits = verdict.kind == kind::accepted || verdict.kind == kind::known;
    if (waits && hub_.admission.stalled())
      for (auto& to : hub_.waiters.take_not_durable(verdict.invocation))
        to->finished(not_stored(hub_.admission.why_stalled()));
  }

  void take_in(external_input& in, const durable::input_verdict& verdict) {
    using kind = durable::verdict_kind;
    switch (verdict.kind) {
    case kind::accepted:
      now_.inputs.push_back(verdict.invocation);
      if (in.one_way) {
        hub_.waiters.add_for_acceptance(verdict.invocation, std::move(in.to),
                                        accepted(verdict.invocation, false));
      } else {
        in.to->accepted(verdict.invocation.text());
        hub_.waiters.add(verdict.invocation, std::move(in.to), false);
      }
      return;
    case kind::known:
      if (in.one_way)
        accept_again(verdict.invocation, std::move(in.to));
      else
        join(verdict.invocation, std::move(in.to));
      return;
    case kind::conflict:
      std::exchange(in.to, nullptr)
          ->finished(failure(422, "This idempotency-key was used with another request body. Use "
                                  "a new key, or send the same body."));
      return;
    case kind::full:
      std::exchange(in.to, nullptr)
          ->finished(failure(429, "Too many calls wait for " + id_.text() + ". Try again later."));
      return;
    case kind::failed:
      std::exchange(in.to, nullptr)->finished(failure(500, verdict.why.message));
      return;
    }
  }

  void accept_again(const invocation_id& id, responder_ptr to) {
    hub_.waiters.add_for_acceptance(id, std::move(to), accepted(id, true));
    look_whether_durable(id);
  }

  /// First they wait, then this looks: what becomes durable between the two is seen by one of them.
  void look_whether_durable(const invocation_id& id) {
    auto known = hub_.journal.knows_invocation(id);
    if (known && *known)
      tell_durable(hub_, id);
  }

  /// Waits for an invocation that is known already, or answers at once where it has ended.
  void join(const invocation_id& id, responder_ptr to) {
    to->accepted(id.text());
    if (machine_->state().find_live(id) != nullptr) {
      // Where it is not on disk, a journal that takes no writes answers both.
      hub_.waiters.add(id, std::move(to), false);
      look_whether_durable(id);
      return;
    }
    // Ended, perhaps in memory only, its turn on the way to the disk. First wait, then look: an end
    // between the two is seen by one of them.
    hub_.waiters.add(id, to, false);
    look_whether_durable(id);
    auto row = hub_.journal.find_invocation(id);
    if (!row && hub_.waiters.remove(id, to)) {
      to->finished(failure(500, row.error().message));
      return;
    }
    if (!row || !*row || !(*row)->invocation.finished || !hub_.waiters.remove(id, to))
      return;
    to->finished(response_of_ended((*row)->invocation));
  }

  void on(durable::object_message& m) { machine_->on_message(m); }

  void on(awakeable_input& in) {
    call_response reply;
    reply.status = 202;
    switch (machine_->on_awakeable(in.id, std::move(in.value))) {
    case durable::awakeable_verdict::completed:
    case durable::awakeable_verdict::already:
      break;
    case durable::awakeable_verdict::unknown:
      reply = failure(404, "There is no such awakeable.");
      break;
    }
    respond_when_durable(in.to, std::move(reply));
  }

  void respond_when_durable(responder_ptr& to, call_response reply) {
    now_.replies.push_back(hub_.replies.add(std::exchange(to, nullptr), std::move(reply)));
    // As for an input: the journal may have stopped meanwhile.
    if (hub_.admission.stalled())
      if (auto r = hub_.replies.take(now_.replies.back()))
        r->to->finished(not_stored(hub_.admission.why_stalled()));
  }

  void on(operator_input& in) {
    const bool taken = machine_->on_operator(in.invocation, in.action);
    call_response reply;
    reply.status = 202;
    if (!taken)
      reply = failure(404, "Nothing of " + id_.text() + " is open that this could be about.");
    respond_when_durable(in.to, std::move(reply));
  }

  void on(vendor_outcome& a) {
    // The numbers of an object's calls begin anew with each incarnation, and an answer to a call of
    // an earlier one may be another call's.
    if (a.incarnation == incarnation_)
      machine_->on_outcome(a.ref, a.outcome);
  }
  void on(place_offered& p) {
    // The machine asks again, and has the place then; one that it does not want is the next one's.
    machine_->on_place(p.offer.who);
    hub_.gate->not_taken(p.offer);
  }
  void on(tick&) {
    machine_->on_time();
    swept_ = true;
  }
  void on(wake&) {}
  void on(turn_durable&) {}
  void on(activation_failed& b) {
    if (b.incarnation == incarnation_)
      throw std::runtime_error(b.why);
  }

  void flush() {
    auto out = machine_->take();
    auto ready = std::exchange(now_, {});
    ready.calls = std::move(out.calls);
    ready.finished = std::move(out.finished);
    out.turn.followed = !out.messages.empty();
    switch (host::when_it_leaves(!out.turn.records.empty(), !ready.empty(), turns_out())) {
    case host::leaving::behind_turn:
      submit(std::move(out.turn), std::move(ready));
      break;
    case host::leaving::at_once:
      runtime::release(hub_, ready, caf::actor_cast<caf::actor>(self_), incarnation_);
      break;
    case host::leaving::nothing:
      break;
    }
    // The turn is queued for the writer, so whatever these cause comes after it in the log.
    for (const auto& m : out.messages)
      untold_.push_back(target_of(m));
    for (auto& m : out.messages) {
      auto target = target_of(m);
      auto event = make_event(std::move(m));
      event.source = {durable_, submitted_};
      ++hub_.active_objects; // What is on its way is work, and counts until it has been taken in.
      self_->send(directory_, route_message{std::move(target), std::move(event)});
      untold_.erase(untold_.begin());
    }
    plan();
  }

  void submit(journal::turn turn, pending_output what) {
    const bool tell = machine_->state().live.empty();
    in_hand_ = std::make_shared<pending_output>(std::move(what));
    hub_.writer.submit(std::move(turn),
                       [&hub = hub_, what = in_hand_, durable = durable_,
                        me = caf::actor_cast<caf::actor>(self_), incarnation = incarnation_, tell] {
                         runtime::release(hub, *what, me, incarnation);
                         ++*durable;
                         if (tell)
                           guarded("object", "durable",
                                   [&] { caf::anon_send(me, make_event(turn_durable{}, false)); });
                       });
    in_hand_.reset(); // The writer's now.
    ++submitted_;
  }

  [[nodiscard]] bool turns_out() const { return durable_->load() < submitted_; }

  /// When the machine wants its next tick, steady milliseconds.
  [[nodiscard]] std::optional<std::int64_t> due() const { return machine_->due(); }

  /// A timer for what is due soon; passivation where nothing is left to do here.
  void plan() {
    const auto now = hub_.steady_ms();
    const auto wanted = due();
    std::erase_if(ticks_, [&](std::int64_t at) { return at <= now; }); // They have rung.
    const bool soon = wanted && *wanted - now < precise_wait_ms;
    // One that rings no later does for this as well.
    if (soon && std::none_of(ticks_.begin(), ticks_.end(),
                             [&](std::int64_t at) { return at <= *wanted + 1; })) {
      const auto wait = std::max<std::int64_t>(*wanted - now, 0) + 1;
      ticks_.push_back(now + wait);
      self_->delayed_anon_send(caf::actor_cast<caf::actor>(self_), std::chrono::milliseconds(wait),
                               make_event(tick{}, false));
    }
    std::erase_if(sources_, [](const turn_ref& s) { return s.is_durable(); });
    host::memory_facts facts(*machine_);
    facts.all_durable = !turns_out() && sources_.empty();
    facts.draining = hub_.admission.draining();
    facts.quiet = swept_;
    if (wanted)
      facts.due_in_ms = *wanted - now;
    facts.stays_ms = 2 * precise_wait_ms;
    if (host::may_leave_memory(facts))
      report_idle(wanted);
    if (facts.all_durable && facts.suspendable)
      swept_ = false;
  }

  void report_idle(std::optional<std::int64_t> due) {
    self_->send(directory_, idle_message{id_, incarnation_, handled_, due});
  }

  caf::event_based_actor* self_;
  hub_context& hub_;
  caf::actor directory_;
  object_id id_;
  std::unique_ptr<durable::object_machine> machine_;
  std::uint64_t submitted_ = 0; ///< Turns given to the writer.
  /// How many of them are durable; the writer's thread counts.
  std::shared_ptr<std::atomic<std::uint64_t>> durable_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::vector<turn_ref> sources_;           ///< Of what only memory holds.
  std::vector<object_id> untold_;           ///< By a turn that is queued.
  pending_output now_;                      ///< Of the event being handled.
  std::shared_ptr<pending_output> in_hand_; ///< The same, while it is given to the writer.
  std::uint64_t incarnation_ = 0;
  std::uint64_t handled_ = 0;       ///< Routed events of this incarnation.
  std::vector<std::int64_t> ticks_; ///< On their way, by when they come.
  bool swept_ = false;
  bool released_ = true;
  bool failed_ = false; ///< And the directory does not know yet.
};

} // namespace

caf::behavior object_actor(caf::event_based_actor* self, hub_context* hub, caf::actor directory,
                           object_id id) {
  watch(self, "object");
  auto shell = std::make_shared<object_shell>(self, *hub, std::move(directory), std::move(id));
  return {
      [shell](event_message& message) { shell->handle(message); },
      [shell](release_atom) { shell->release(); },
      [self, shell](stop_atom) { self->quit(); },
  };
}

} // namespace orderhub::runtime
