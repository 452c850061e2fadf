#include "actors/runtime/object_actor.hpp"

#include "actors/host/due_times.hpp"
#include "actors/host/hosted_object.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/provider.hpp"
#include "journal/base/log.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace orderhub::runtime {

namespace {

/// Waits shorter than this get a timer of their own; longer ones are seen by the directory's sweep,
/// which looks at each object at least once in half of it.
constexpr std::int64_t precise_wait_ms = 2'000;
/// An object that is due sooner stays in memory.
constexpr std::int64_t stays_ms = 2'000;

/// What a durable turn lets go. On the writer's thread, or on the actor's where nothing of the
/// object waits for the disk: one message less on the way of every step.
class caf_outlet final : public host::outlet {
public:
  caf_outlet(hub_context& hub, caf::actor object, std::uint64_t incarnation)
      : outlet(hub.shared), hub_(hub), object_(std::move(object)), incarnation_(incarnation) {}

  void call_vendor(durable::vendor_call call) override {
    auto it = hub_.providers.find(call.vendor);
    if (it == hub_.providers.end()) {
      // Checked when the effect began; the registry does not change while the hub runs.
      log::error("vendor_without_provider", {{"vendor", call.vendor}});
      return;
    }
    it->second.line->send(std::move(call), {object_, incarnation_});
  }
  void build_anew(std::string_view why) override {
    caf::anon_send(object_, make_event(host::activation_failed{incarnation_, std::string(why)},
                                       /*routed=*/false));
  }
  void tell_durable() override {
    caf::anon_send(object_, make_event(host::turn_durable{}, /*routed=*/false));
  }

private:
  hub_context& hub_;
  caf::actor object_;
  std::uint64_t incarnation_;
};

class object_shell final : public host::object_host {
public:
  object_shell(caf::event_based_actor* self, hub_context& hub, caf::actor directory, object_id id)
      : self_(self), hub_(hub), directory_(std::move(directory)), object_(hub.shared, *this) {
    assign({std::move(id), 0});
  }
  ~object_shell() override { release(); }
  object_shell(const object_shell&) = delete;
  object_shell& operator=(const object_shell&) = delete;

  /// Passivation. The actor may be given to another object.
  void release() {
    object_.leave();
    no_longer_active();
  }

  void handle(event_message& message) {
    if (message.assigned)
      assign(*message.assigned);
    object_.report_failure();
    if (!object_.in_memory()) {
      // A late answer to the object before changes nothing: its intent is in the journal. What was
      // routed here before its activation failed goes to the next one.
      if (message.routed && !std::holds_alternative<host::tick>(*message.event))
        self_->send(directory_, route_message{object_.who().object, std::move(message)});
      return;
    }
    const arrival counted{message.source.durable ? &hub_.active_objects : nullptr};
    if (message.routed)
      ++handled_;
    if (std::holds_alternative<host::tick>(*message.event))
      swept_ = true;
    else
      last_event_ms_ = hub_.steady_ms();
    object_.handle(*message.event, std::move(message.source));
    guarded("object", "idle", [&] { report_idle(); });
  }

  // host::object_host
  void append(journal::turn turn, std::shared_ptr<host::pending_output> then) override {
    hub_.writer.submit(std::move(turn), [&hub = hub_, then = std::move(then), me = myself(),
                                         incarnation = object_.who().incarnation] {
      caf_outlet out(hub, me, incarnation);
      host::release(hub.shared, *then, out);
    });
  }
  void release_now(host::pending_output& what) override {
    caf_outlet out(hub_, myself(), object_.who().incarnation);
    host::release(hub_.shared, what, out);
  }
  void deliver(object_id target, durable::object_message message, host::turn_ref source) override {
    auto event = make_event(std::move(message));
    event.source = std::move(source);
    ++hub_.active_objects; // What is on its way is work, and counts until it has been taken in.
    self_->send(directory_, route_message{std::move(target), std::move(event)});
  }
  void wake_at(std::optional<std::int64_t> at) override {
    const auto now = hub_.steady_ms();
    ticks_.forget_before(now);
    if (!at || *at - now >= precise_wait_ms)
      return;
    if (const auto wait = ticks_.want(now, *at))
      self_->delayed_anon_send(myself(), std::chrono::milliseconds(*wait),
                               make_event(host::tick{}, /*routed=*/false));
  }
  void read_apart(providers::answer_reader reader, host::vendor_outcome outcome) override {
    const auto reads = caf::actor_cast<caf::actor>(hub_.long_answers);
    if (!reads)
      return; // The hub ends; the intent is in the journal.
    self_->send(reads,
                long_answer{std::make_shared<providers::answer_reader>(std::move(reader)),
                            std::make_shared<host::object_event>(std::move(outcome)), myself()});
  }
  void failed(host::failed_activation what) override {
    self_->send(directory_, failed_message{std::move(what)});
    no_longer_active();
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

  void assign(const host::activation& to) {
    release();
    object_.begin(to);
    handled_ = 0;
    ticks_.clear();
    swept_ = false;
    active_ = true;
    ++hub_.active_objects;
  }

  void no_longer_active() {
    if (std::exchange(active_, false))
      --hub_.active_objects;
  }

  /// What it waits for, an answer of a slow vendor to another object, mostly comes soon, and to
  /// build it anew costs as much as a step. Where many are in memory it makes room at once.
  [[nodiscard]] bool has_rested() const {
    return hub_.active_objects > hub_.resting_max || hub_.shared.admission.draining() ||
           hub_.steady_ms() - last_event_ms_ >= hub_.rest_ms;
  }

  /// The directory knows whether more is on its way; if not, the object leaves memory.
  void report_idle() {
    const host::leave_terms terms{.draining = hub_.shared.admission.draining(),
                                  .quiet = swept_ && has_rested(),
                                  .stays_ms = stays_ms};
    if (object_.may_leave(terms))
      self_->send(directory_, idle_message{object_.who().object, object_.who().incarnation,
                                           handled_, object_.due()});
    if (object_.at_rest())
      swept_ = false;
  }

  [[nodiscard]] caf::actor myself() const { return caf::actor_cast<caf::actor>(self_); }

  caf::event_based_actor* self_;
  hub_context& hub_;
  caf::actor directory_;
  host::hosted_object object_;
  std::uint64_t handled_ = 0; ///< Routed events of this incarnation.
  host::near_ticks ticks_;
  std::int64_t last_event_ms_ = 0; ///< Steady time of the last event but ticks.
  bool swept_ = false;
  bool active_ = false; ///< Counted in `active_objects`.
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
