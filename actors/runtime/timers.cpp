#include "actors/runtime/timers.hpp"

#include "actors/host/due_times.hpp"
#include "actors/host/pace.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/shard.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

namespace orderhub::runtime {

using namespace host;

namespace {

constexpr std::int64_t window_ms = 120'000;
constexpr auto scan_period = std::chrono::seconds(60);
constexpr std::size_t scan_rows = 100'000;
/// A wait that is added is further away than this, so it finds a tick that comes before it.
constexpr std::int64_t tick_max_ms = 1'000;

class timers {
public:
  timers(caf::event_based_actor* self, hub_context& hub) : self_(self), hub_(hub) {}

  void begin() {
    scan(hub_.steady_ms()); // What is overdue is resumed with the rest.
    plan(hub_.steady_ms());
  }

  void add(const wake_at& w) {
    if (w.due - hub_.steady_ms() > window_ms)
      return; // A scan will find it.
    waiting_.add(w.due, w.object);
    plan(hub_.steady_ms());
  }

  void ring() {
    ++hub_.timer_ticks;
    tick_.arrived();
    if (hub_.shared.admission.draining())
      return; // What is due is in the journal; the next start looks at it.
    const auto now = hub_.steady_ms();
    // After an outage all are overdue; vendors are not to be hit by all of them at once.
    const host::resume_pace pace(hub_.resume_per_second);
    auto due = waiting_.take(now, pace.at_once);
    const bool more = due.size() == pace.at_once;
    for (auto& object : due)
      route(hub_, {std::move(object), make_event(tick{})});
    plan(more ? now + pace.pause.count() : now);
  }

  /// Rows whose time is after `after`, steady milliseconds.
  void scan(std::int64_t after) {
    auto rows = hub_.shared.journal.timers(
        hub_.shared.env.time.scan_until(hub_.steady_ms() + window_ms), scan_rows);
    if (!rows) {
      log::error("timers_unreadable", {{"reason", rows.error().message}});
      return;
    }
    for (auto& row : *rows)
      if (const auto due = hub_.shared.env.time.steady_due(row.recorded_at, row.due_at);
          due > after && due <= hub_.steady_ms() + window_ms)
        waiting_.add(due, std::move(row.object));
  }

  /// One tick is on its way while somebody waits; none before `not_before`.
  void plan(std::int64_t not_before) {
    hub_.timers_due.store(waiting_.size(), std::memory_order_relaxed);
    const auto first = waiting_.first();
    if (!first)
      return;
    if (const auto wait = tick_.want(hub_.steady_ms(), std::max(*first, not_before)))
      self_->delayed_send(self_, std::chrono::milliseconds(*wait), caf::tick_atom::value);
  }

private:
  caf::event_based_actor* self_;
  hub_context& hub_;
  host::due_times waiting_;
  host::single_tick tick_{tick_max_ms};
};

} // namespace

caf::behavior timer_service(caf::event_based_actor* self, hub_context* hub) {
  watch(self, "timers");
  auto state = std::make_shared<timers>(self, *hub);
  return {
      [=](resume_atom) {
        guarded("timers", "resume", [&] { state->begin(); });
        self->delayed_send(self, scan_period, sweep_atom::value);
      },
      [=](const wake_at& w) { guarded("timers", "wake_at", [&] { state->add(w); }); },
      [=](caf::tick_atom) {
        if (!guarded("timers", "tick", [&] { state->ring(); }))
          state->plan(hub->steady_ms() + tick_max_ms);
      },
      [=](sweep_atom) {
        guarded("timers", "scan", [&] {
          state->scan(std::numeric_limits<std::int64_t>::min());
          state->plan(hub->steady_ms());
        });
        self->delayed_send(self, scan_period, sweep_atom::value);
      },
  };
}

} // namespace orderhub::runtime
