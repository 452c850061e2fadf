#include "actors/runtime/directory.hpp"

#include "actors/runtime/object_actor.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orderhub::runtime {

namespace {

struct active_object {
  caf::actor actor;
  std::uint64_t life = 0;
  std::uint64_t routed = 0;
  std::int64_t since_ms = 0; ///< Steady time of activation.
};

/// Actors kept for the next object; one more ends. Spawning and ending one costs ten times what it
/// takes to give it away.
constexpr std::size_t pooled_max = 1'024;

struct directory_state {
  std::unordered_map<object_id, active_object> active;
  std::vector<caf::actor> pooled;
  std::uint64_t lives = 0;
};

} // namespace

caf::behavior directory_actor(caf::event_based_actor* self, hub_context* hub, caf::actor timers) {
  auto state = std::make_shared<directory_state>();
  const auto sweep = std::chrono::milliseconds(hub->sweep_ms);
  self->delayed_send(self, sweep, sweep_atom::value);
  return {
      [=](route_message& m) {
        auto [it, fresh] = state->active.try_emplace(m.object);
        if (fresh) {
          it->second.since_ms = hub->env.time.steady_ms();
          it->second.life = ++state->lives;
          m.event.assigned = std::make_shared<const assignment>(assignment{m.object, state->lives});
          if (state->pooled.empty()) {
            it->second.actor = self->system().spawn(object_actor, hub,
                                                    caf::actor_cast<caf::actor>(self), m.object);
          } else {
            it->second.actor = std::move(state->pooled.back());
            state->pooled.pop_back();
          }
        }
        ++it->second.routed;
        self->send(it->second.actor, std::move(m.event));
      },
      [=](const idle_message& m) {
        auto it = state->active.find(m.object);
        if (it == state->active.end() || it->second.life != m.life ||
            it->second.routed != m.handled)
          return; // Said in an earlier life, or more is on its way: it will say so again.
        if (state->pooled.size() < pooled_max) {
          self->send(it->second.actor, release_atom::value);
          state->pooled.push_back(std::move(it->second.actor));
        } else {
          self->send(it->second.actor, stop_atom::value);
        }
        state->active.erase(it);
        if (m.due > 0)
          self->send(timers, wake_at{m.object, m.due});
      },
      [=](stop_atom) {
        for (const auto& [id, object] : state->active)
          self->send(object.actor, stop_atom::value);
        for (const auto& actor : state->pooled)
          self->send(actor, stop_atom::value);
        self->quit();
      },
      [=](sweep_atom) {
        const auto now = hub->env.time.steady_ms();
        for (auto& [id, object] : state->active)
          if (hub->draining || now - object.since_ms >= hub->sweep_ms) {
            ++object.routed;
            self->send(object.actor, make_event(tick{}));
          }
        self->delayed_send(self, sweep, sweep_atom::value);
      },
  };
}

namespace {

constexpr std::int64_t window_ms = 120'000;
constexpr auto scan_period = std::chrono::seconds(60);
constexpr std::size_t scan_rows = 100'000;

struct timer_state {
  caf::actor directory;
  std::set<std::pair<unix_ms, object_id>> waiting;
  unix_ms planned = 0; ///< When the next tick comes; 0: none is planned.
};

} // namespace

caf::behavior timer_service(caf::event_based_actor* self, hub_context* hub) {
  auto state = std::make_shared<timer_state>();
  auto plan = [=] {
    if (state->waiting.empty())
      return;
    const auto first = state->waiting.begin()->first;
    if (state->planned != 0 && state->planned <= first)
      return;
    state->planned = first;
    const auto delay = std::max<std::int64_t>(first - hub->env.time.now(), 0) + 1;
    self->delayed_send(self, std::chrono::milliseconds(delay), caf::tick_atom::value);
  };
  auto scan = [=](unix_ms after) {
    auto rows = hub->journal.timers(hub->env.time.now() + window_ms, scan_rows);
    if (!rows) {
      log::error("timers_unreadable", {{"reason", rows.error().message}});
      return;
    }
    for (auto& row : *rows)
      if (row.due_at > after)
        state->waiting.emplace(row.due_at, std::move(row.object));
  };
  return {
      [=](resume_atom, const caf::actor& directory) {
        state->directory = directory;
        scan(hub->env.time.now()); // What is overdue is resumed with the rest.
        plan();
        self->delayed_send(self, scan_period, sweep_atom::value);
      },
      [=](const wake_at& w) {
        if (w.due - hub->env.time.now() > window_ms)
          return;
        state->waiting.emplace(w.due, w.object);
        plan();
      },
      [=](caf::tick_atom) {
        if (hub->draining)
          return; // What is due is in the journal; the next start looks at it.
        state->planned = 0;
        const auto now = hub->env.time.now();
        // After an outage all are overdue; vendors are not to be hit by all of them at once.
        const resume_pace pace(hub->resume_per_second);
        auto budget = pace.at_once;
        while (!state->waiting.empty() && state->waiting.begin()->first <= now) {
          if (budget-- == 0) {
            state->planned = now;
            self->delayed_send(self, pace.pause, caf::tick_atom::value);
            return;
          }
          auto first = state->waiting.extract(state->waiting.begin());
          self->send(state->directory,
                     route_message{std::move(first.value().second), make_event(tick{})});
        }
        plan();
      },
      [=](sweep_atom) {
        scan(0);
        plan();
        self->delayed_send(self, scan_period, sweep_atom::value);
      },
  };
}

} // namespace orderhub::runtime
