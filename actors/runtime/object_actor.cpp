#include "actors/runtime/object_actor.hpp"

#include "actors/runtime/reply.hpp"
#include "journal/base/log.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::runtime {

namespace {

/// Waits shorter than this get a timer of their own; longer ones are seen by the directory's sweep.
constexpr std::int64_t precise_wait_ms = 1'000;

/// What waits for a turn to be durable.
struct held {
  std::vector<durable::vendor_call> calls;
  std::vector<durable::finished_call> finished;
  std::vector<invocation_id> inputs; ///< Accepted by this turn.
  std::vector<std::pair<responder_ptr, call_reply>> replies;

  [[nodiscard]] bool empty() const {
    return calls.empty() && finished.empty() && inputs.empty() && replies.empty();
  }
};

/// The input is on disk: who waited for that alone is answered.
void tell_durable(hub_context& hub, const invocation_id& id) {
  for (auto& [to, reply] : hub.waiters.mark_durable(id))
    to->finished(std::move(reply));
}

/// Lets out what a durable turn caused. On the writer's thread, or on the actor's where nothing of
/// the object waits for the disk: one message less on the way of every step.
void carry_out(hub_context& hub, held& h, const caf::actor& object) {
  for (const auto& id : h.inputs)
    tell_durable(hub, id);
  for (auto& call : h.calls) {
    auto it = hub.providers.find(call.vendor);
    if (it == hub.providers.end()) {
      // Checked when the effect began; the registry does not change while the hub runs.
      log::error("vendor_without_provider", {{"vendor", call.vendor}});
      continue;
    }
    caf::anon_send(it->second,
                   provider_call{std::make_shared<durable::vendor_call>(std::move(call)), object});
  }
  for (auto& f : h.finished)
    for (auto& to : hub.waiters.take(f.invocation))
      to->finished(reply_of(f.outcome, f.invocation));
  for (auto& [to, reply] : h.replies)
    if (to)
      to->finished(std::move(reply));
}

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
    const arrival counted{message.source.durable ? &hub_.active_objects : nullptr};
    if (message.assigned)
      assign(*message.assigned);
    if (released_)
      return; // A late answer to the object before: its intent is in the journal.
    if (message.routed)
      ++handled_;
    if (!message.source.is_durable())
      sources_.push_back(message.source);
    if (!machine_ && !load()) {
      refuse(*message.event);
      report_idle({});
      return;
    }
    // Its row was damaged while it lived: what is out is finished, but nothing new is taken that
    // the next life could not go on with.
    if (asked_from_outside(*message.event) && hub_.journal.set_aside(id_)) {
      refuse(*message.event);
      flush();
      return;
    }
    std::visit([this](auto& e) { on(e); }, *message.event);
    flush();
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

  void assign(const assignment& to) {
    release();
    id_ = to.object;
    life_ = to.life;
    handled_ = 0;
    timer_.reset();
    swept_ = false;
    released_ = false;
    sources_.clear();
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

  static bool asked_from_outside(const object_event& event) {
    return std::holds_alternative<external_input>(event) ||
           std::holds_alternative<awakeable_input>(event);
  }

  /// The object's row cannot be read: whoever waits is told; nothing is written over it.
  static void refuse(object_event& event) {
    const auto reply = failure(500, "The stored state of this object cannot be read. It was left "
                                    "as it is; run `orderhub journal verify`.");
    if (auto* in = std::get_if<external_input>(&event); in != nullptr && in->to)
      in->to->finished(reply);
    if (auto* in = std::get_if<awakeable_input>(&event); in != nullptr && in->to)
      in->to->finished(reply);
  }

  void on(external_input& in) {
    using kind = durable::input_verdict::kind;
    const auto verdict = machine_->on_input(in.invocation, std::move(in.input));
    take_in(in, verdict);
    // The journal may have stopped while this was done, and those who waited then been told.
    const bool waits = verdict.what == kind::accepted || verdict.what == kind::known;
    if (waits && hub_.stalled)
      for (auto& to : hub_.waiters.take_not_durable(verdict.invocation))
        to->finished(not_stored(hub_.why_stalled()));
  }

  void take_in(external_input& in, const durable::input_verdict& verdict) {
    using kind = durable::input_verdict::kind;
    switch (verdict.what) {
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
      in.to->finished(failure(422, "This idempotency-key was used with another request body. Use "
                                   "a new key, or send the same body."));
      return;
    case kind::full:
      in.to->finished(failure(429, "Too many calls wait for " + id_.text() + ". Try again later."));
      return;
    case kind::failed:
      in.to->finished(failure(500, verdict.why.message));
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
    to->finished(reply_of_ended((*row)->invocation));
  }

  void on(durable::object_message& m) { machine_->on_message(m); }

  void on(awakeable_input& in) {
    call_reply reply;
    reply.status = 202;
    switch (machine_->on_awakeable(in.id, std::move(in.value))) {
    case durable::awakeable_verdict::settled:
    case durable::awakeable_verdict::already:
      break;
    case durable::awakeable_verdict::unknown:
      reply = failure(404, "There is no such awakeable.");
      break;
    }
    now_.replies.emplace_back(std::move(in.to), std::move(reply));
  }

  void on(vendor_answer& a) { machine_->on_answer(a.ref, a.outcome); }
  void on(tick&) {
    machine_->on_time();
    swept_ = true;
  }
  void on(wake&) {}

  void on(turn_durable&) {}

  void flush() {
    auto out = machine_->take();
    auto held_now = std::exchange(now_, {});
    held_now.calls = std::move(out.calls);
    held_now.finished = std::move(out.finished);
    out.turn.followed = !out.messages.empty();
    // Where there is nothing new to write but what it follows from may not be durable, it goes
    // behind that, as an empty turn.
    if (!out.turn.records.empty() || (!held_now.empty() && turns_out()))
      submit(std::move(out.turn), std::move(held_now));
    else if (!held_now.empty())
      carry_out(hub_, held_now, caf::actor_cast<caf::actor>(self_));
    // The turn is queued for the writer, so whatever these cause comes after it in the log.
    for (auto& m : out.messages) {
      auto target = target_of(m);
      auto event = make_event(std::move(m));
      event.source = {durable_, submitted_};
      ++hub_.active_objects; // What is on its way is work, and counts until it has been taken in.
      self_->send(directory_, route_message{std::move(target), std::move(event)});
    }
    plan();
  }

  void submit(journal::turn turn, held what) {
    ++submitted_;
    const bool tell = machine_->state().live.empty();
    hub_.writer.submit(std::move(turn),
                       [&hub = hub_, what = std::make_shared<held>(std::move(what)),
                        durable = durable_, me = caf::actor_cast<caf::actor>(self_), tell] {
                         carry_out(hub, *what, me);
                         ++*durable;
                         if (tell)
                           caf::anon_send(me, make_event(turn_durable{}, false));
                       });
  }

  [[nodiscard]] bool turns_out() const { return durable_->load() < submitted_; }

  /// A timer for what is due soon; passivation where nothing is left to do here.
  void plan() {
    const auto now = hub_.env.time.now();
    auto due = machine_->due(); // Steady; here still told in journal time.
    if (due)
      *due += now - hub_.env.time.steady_ms();
    if (timer_ && *timer_ <= now)
      timer_.reset(); // It has rung.
    if (due && *due - now < precise_wait_ms && (!timer_ || *due < *timer_)) {
      timer_ = due;
      self_->delayed_anon_send(caf::actor_cast<caf::actor>(self_),
                               std::chrono::milliseconds(std::max<std::int64_t>(*due - now, 0) + 1),
                               make_event(tick{}, false));
    }
    std::erase_if(sources_, [](const turn_ref& s) { return s.is_durable(); });
    if (turns_out() || !sources_.empty())
      return;
    // While the hub drains, what waits is left to the next start, long before its time.
    if (hub_.draining && swept_ && !machine_->calling()) {
      report_idle(due);
      return;
    }
    if (!machine_->suspendable())
      return;
    const bool nothing_live = machine_->state().live.empty();
    // What waits for something outside is dropped at a sweep, not at once: the answer of another
    // object mostly comes within milliseconds.
    if (nothing_live || (swept_ && !(due && *due - now < 2 * precise_wait_ms)))
      report_idle(due);
    swept_ = false;
  }

  void report_idle(std::optional<unix_ms> due) {
    self_->send(directory_, idle_message{id_, life_, handled_, due.value_or(0)});
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
  std::vector<turn_ref> sources_; ///< Of what only memory holds.
  held now_;                      ///< Of the event being handled.
  std::uint64_t life_ = 0;
  std::uint64_t handled_ = 0; ///< Routed events of this life.
  std::optional<unix_ms> timer_;
  bool swept_ = false;
  bool released_ = true;
};

} // namespace

caf::behavior object_actor(caf::event_based_actor* self, hub_context* hub, caf::actor directory,
                           object_id id) {
  auto shell = std::make_shared<object_shell>(self, *hub, std::move(directory), std::move(id));
  return {
      [shell](event_message& message) { shell->handle(message); },
      [shell](release_atom) { shell->release(); },
      [self, shell](stop_atom) { self->quit(); },
  };
}

} // namespace orderhub::runtime
