#include "actors/runtime/directory.hpp"

#include "actors/host/failures.hpp"
#include "actors/host/hosted_object.hpp"
#include "actors/host/response.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/object_actor.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orderhub::runtime {

using namespace host;

namespace {

struct active_object {
  caf::actor actor;
  std::uint64_t incarnation = 0;
  std::uint64_t routed = 0;
  std::int64_t since_ms = 0; ///< Steady time of activation.
  std::int64_t look_ms = 0;  ///< When a sweep looks at it next.
};

/// One whose activation failed, until everything it has queued is on disk.
struct failing_object {
  std::vector<event_message> events; ///< For it, meanwhile.
  std::vector<object_id> untold;     ///< To be woken then: its turns told them something.
  host::failure_book::verdict verdict;
};

/// Actors kept for the next object; one more ends. Spawning and ending one costs ten times what it
/// takes to give it away.
constexpr std::size_t pooled_max = 1'024;
/// Events that wait for one failing object; one more is refused.
constexpr std::size_t failing_events_max = 1'000;
/// Thousands of orders wait for slow vendors at once: a look at each of them has its price.
constexpr std::int64_t sweeps_between_looks = 4;

class directory {
public:
  directory(caf::event_based_actor* self, hub_context& hub, caf::actor timers)
      : self_(self), hub_(hub), timers_(std::move(timers)) {}

  void route(route_message& m) {
    if (auto failing = failing_.find(m.object); failing != failing_.end()) {
      if (failing->second.events.size() < failing_events_max)
        failing->second.events.push_back(std::move(m.event));
      else
        turn_away(m.event, failure(503, "The hub has failed at this object and is at it again."));
      return;
    }
    if (book_.paused(m.object)) {
      turn_away(m.event, paused_response(m.object));
      return;
    }
    // While the hub drains, the next start resumes it; the place is nobody's by then.
    if (hub_.shared.admission.draining() && std::holds_alternative<place_offered>(*m.event.event))
      return;
    auto it = active_.find(m.object);
    if (it == active_.end())
      it = active_.emplace(m.object, begin(m)).first;
    ++it->second.routed;
    self_->send(it->second.actor, std::move(m.event));
  }

  /// Where routing itself failed.
  void refuse_routed(route_message& m) {
    if (m.event.event)
      turn_away(m.event,
                failure(500, "The hub failed while it took this in, and has stored nothing "
                             "of it. Send it again."));
  }

  void idle(const idle_message& m) {
    auto it = active_.find(m.object);
    if (it == active_.end() || it->second.incarnation != m.incarnation ||
        it->second.routed != m.handled)
      return; // Said in an earlier incarnation, or more is on its way: it will say so again.
    if (pooled_.size() < pooled_max) {
      self_->send(it->second.actor, release_atom::value);
      pooled_.push_back(std::move(it->second.actor));
    } else {
      self_->send(it->second.actor, stop_atom::value);
    }
    active_.erase(it);
    if (m.due)
      self_->send(timers_, wake_at{m.object, *m.due});
  }

  void failed(failed_activation& f) {
    auto it = active_.find(f.who.object);
    if (it == active_.end() || it->second.incarnation != f.who.incarnation)
      return;
    if (pooled_.size() < pooled_max)
      pooled_.push_back(std::move(it->second.actor));
    else
      self_->send(it->second.actor, stop_atom::value);
    begin_failing(it, f.event, f.why, std::move(f.untold));
  }

  /// An actor ended by itself, with what was in its mailbox.
  void down(const caf::actor_addr& who) {
    std::erase_if(pooled_, [&](const caf::actor& a) { return a.address() == who; });
    auto it = std::find_if(active_.begin(), active_.end(),
                           [&](const auto& o) { return o.second.actor.address() == who; });
    if (it != active_.end())
      begin_failing(it, "down", "its actor ended", {});
  }

  void drained(const drained_message& m) {
    auto it = failing_.find(m.object);
    if (it == failing_.end())
      return;
    if (it->second.verdict.wait_ms > 0) {
      const auto wait = std::exchange(it->second.verdict.wait_ms, 0);
      self_->delayed_send(self_, std::chrono::milliseconds(wait), m);
      return;
    }
    auto f = std::move(it->second);
    failing_.erase(it);
    for (auto& other : f.untold)
      wake_up(std::move(other));
    if (!f.verdict.paused)
      wake_up(m.object);
    for (auto& event : f.events) {
      route_message again{m.object, std::move(event)};
      route(again);
    }
    --hub_.active_objects;
  }

  void unpause(unpause_message& m) {
    const bool was = book_.resume(m.object);
    hub_.paused_objects = book_.paused_count();
    if (was) {
      log::info("object_resumed", {{"object", m.object.text()}});
      wake_up(m.object);
    }
    if (!m.to)
      return;
    call_response reply;
    reply.status = 202;
    m.to->finished(was ? std::move(reply) : failure(404, m.object.text() + " is not paused."));
  }

  void sweep() {
    const auto now = hub_.steady_ms();
    for (auto& [id, object] : active_)
      if (hub_.shared.admission.draining() || now >= object.look_ms) {
        object.look_ms = now + sweeps_between_looks * hub_.sweep_ms;
        ++object.routed;
        self_->send(object.actor, make_event(tick{}));
      }
  }

  /// Until when the gate wants nothing, milliseconds; nothing: the next sweep is soon enough.
  std::optional<std::int64_t> tend_gate() {
    if (hub_.shared.admission.draining())
      return std::nullopt;
    const auto next = hub_.shared.gate->tick();
    if (!next)
      return std::nullopt;
    const auto wait = std::max<std::int64_t>(*next - hub_.steady_ms(), 1);
    return wait < hub_.sweep_ms ? std::optional(wait) : std::nullopt;
  }

  /// Who waits is said in the log, and whom a person must look at.
  void tend_board() {
    if (auto* board = hub_.shared.env.board)
      board->tick(hub_.shared.env.time.now());
  }

  void stop() {
    for (const auto& [id, object] : active_)
      self_->send(object.actor, stop_atom::value);
    for (const auto& actor : pooled_)
      self_->send(actor, stop_atom::value);
    self_->quit();
  }

private:
  using active_map = std::unordered_map<object_id, active_object>;

  active_object begin(route_message& m) {
    active_object object;
    object.since_ms = hub_.steady_ms();
    object.look_ms = object.since_ms + hub_.sweep_ms;
    object.incarnation = ++incarnations_;
    m.event.assigned = std::make_shared<const activation>(activation{m.object, incarnations_});
    if (pooled_.empty()) {
      object.actor =
          self_->system().spawn(object_actor, &hub_, caf::actor_cast<caf::actor>(self_), m.object);
      self_->monitor(object.actor);
    } else {
      object.actor = std::move(pooled_.back());
      pooled_.pop_back();
    }
    return object;
  }

  void begin_failing(active_map::iterator it, const std::string& event, const std::string& why,
                     std::vector<object_id> untold) {
    const auto object = it->first;
    active_.erase(it);
    failing_object f;
    f.untold = std::move(untold);
    f.verdict = book_.failed(object, hub_.steady_ms());
    hub_.paused_objects = book_.paused_count();
    if (f.verdict.paused)
      log::error("object_paused", {{"object", object.text()}, {"event", event}, {"reason", why}});
    else
      log::warn("object_failed", {{"object", object.text()}, {"event", event}, {"reason", why}});
    failing_.insert_or_assign(object, std::move(f));
    ++hub_.active_objects; // There is something to do for it.
    // Behind everything that it has queued, and that those have queued who told it something.
    hub_.writer.submit({}, [me = caf::actor_cast<caf::actor>(self_), object] {
      guarded("directory", "drained", [&] { caf::anon_send(me, drained_message{object}); });
    });
  }

  void wake_up(object_id object) {
    route_message m{std::move(object), make_event(wake{})};
    route(m);
  }

  /// What another object said is in that one's record, and is found when the object is built.
  void turn_away(event_message& message, const call_response& reply) {
    if (message.source.durable)
      --hub_.active_objects;
    refuse(hub_.shared, *message.event, reply);
  }

  static call_response paused_response(const object_id& object) {
    return failure(500, object.text() + " is paused: the hub failed at it again and again, and its "
                                        "log says why. An operator can resume it.");
  }

  caf::event_based_actor* self_;
  hub_context& hub_;
  caf::actor timers_;
  active_map active_;
  std::vector<caf::actor> pooled_;
  std::uint64_t incarnations_ = 0;
  std::unordered_map<object_id, failing_object> failing_;
  host::failure_book book_;
};

} // namespace

caf::behavior directory_actor(caf::event_based_actor* self, hub_context* hub, caf::actor timers) {
  watch(self, "directory");
  auto state = std::make_shared<directory>(self, *hub, std::move(timers));
  const auto sweep = std::chrono::milliseconds(hub->sweep_ms);
  auto gate_tick_out = std::make_shared<bool>(false);
  auto tend_gate = [=] {
    guarded("directory", "gate", [&] {
      const auto wait = state->tend_gate();
      if (wait && !std::exchange(*gate_tick_out, true))
        self->delayed_send(self, std::chrono::milliseconds(*wait), gate_atom::value);
    });
  };
  self->set_down_handler([=](const caf::down_msg& m) {
    if (m.reason != caf::exit_reason::normal && m.reason)
      guarded("directory", "down", [&] { state->down(m.source); });
  });
  self->delayed_send(self, sweep, sweep_atom::value);
  return {
      [=](route_message& m) {
        guarded_or(
            "directory", [&] { state->route(m); },
            [&](std::string_view why) {
              ++hub->shared.failures;
              log::error("actor_failed",
                         {{"actor", "directory"},
                          {"event", m.event.event ? name_of(*m.event.event) : "moved"},
                          {"object", m.object.text()},
                          {"reason", why}});
              state->refuse_routed(m);
            });
      },
      [=](const idle_message& m) { guarded("directory", "idle", [&] { state->idle(m); }); },
      [=](failed_message& m) { guarded("directory", "failed", [&] { state->failed(m.what); }); },
      [=](const drained_message& m) {
        guarded("directory", "drained", [&] { state->drained(m); });
      },
      [=](unpause_message& m) { guarded("directory", "unpause", [&] { state->unpause(m); }); },
      [=](stop_atom) { state->stop(); },
      [=](sweep_atom) {
        guarded("directory", "sweep", [&] {
          state->sweep();
          state->tend_board();
        });
        tend_gate();
        self->delayed_send(self, sweep, sweep_atom::value);
      },
      [=](gate_atom) {
        *gate_tick_out = false;
        tend_gate();
      },
  };
}

} // namespace orderhub::runtime
