#include "tests/simulation/world/world.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace orderhub::testing {

std::optional<unix_ms> world::next_time() {
  std::optional<unix_ms> next;
  auto earlier = [&](unix_ms at) {
    if (!next || at < *next)
      next = at;
  };
  if (const auto places = gate_->tick())
    earlier(time.true_at(*places));
  if (!fronts_.empty())
    earlier(fronts_.begin()->first);
  if (!due_.empty())
    earlier(due_.begin()->first);
  if (const auto first = timers_.first())
    earlier(*first);
  if (auto late = mock.next_late_work())
    earlier(*late);
  return next;
}

std::size_t world::ready_channels(unix_ms now) const {
  std::size_t count = 0;
  for (auto it = fronts_.begin(); it != fronts_.end() && it->first <= now; ++it)
    ++count;
  return count;
}

void world::act() {
  const auto now = time.true_ms();
  mock.advance(now);
  gate_->tick();
  board_->tick(clock_->now());
  if (settings_.leaves_at_once) {
    leave_memory();
  } else if (dice_.below(12) == 0) {
    if (auto idle = idle_object())
      return passivate(*idle);
  }
  const auto channels = ready_channels(now);
  std::size_t due = 0;
  for (auto it = due_.begin(); it != due_.end() && it->first <= now; ++it)
    ++due;
  const auto first = timers_.first();
  const std::size_t timer = first && *first <= now ? 1 : 0;
  const std::size_t commits = queue_.empty() ? 0 : 1;
  const std::size_t slices = slice_wanted_ ? 1 : 0;
  const auto all = channels + due + timer + commits + slices;
  if (all == 0) {
    if (auto next = next_time())
      time.set(std::max(now, *next));
    return;
  }
  auto chosen = static_cast<std::size_t>(dice_.below(all));
  if (chosen < channels)
    return deliver(std::next(fronts_.begin(), static_cast<std::ptrdiff_t>(chosen))->second);
  chosen -= channels;
  if (chosen < due)
    return handle(object_id(std::next(due_.begin(), static_cast<std::ptrdiff_t>(chosen))->second),
                  host::tick{});
  chosen -= due;
  if (chosen < timer) {
    for (auto& object : timers_.take(now, 1))
      handle(object, host::tick{});
    return;
  }
  if (chosen - timer < commits)
    commit();
  else
    slice();
}

bool world::step() {
  for (std::size_t i = 0; i < watches_.size(); ++i)
    if (watches_[i].first(*this)) {
      auto action = std::move(watches_[i].second);
      watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(i));
      action(*this);
      break;
    }
  if (channels_.empty() && queue_.empty() && !slice_wanted_ && !next_time())
    return false;
  try {
    act();
  } catch (const power_cut&) { // From inside the journal.
  }
  if (power_off_)
    restart();
  return true;
}

bool world::run(std::int64_t for_ms) {
  const auto end = time.true_ms() + for_ms;
  for (std::size_t steps = 0; steps < settings_.steps_max; ++steps) {
    if (queue_.empty() && !slice_wanted_)
      if (auto next = next_time(); next && *next > end)
        return false;
    if (!step())
      return true;
  }
  ran_away_ = true;
  return false;
}

bool world::run_until(const std::function<bool(world&)>& condition) {
  for (std::size_t steps = 0; steps < settings_.steps_max; ++steps) {
    if (condition(*this))
      return true;
    if (!step())
      return condition(*this);
  }
  ran_away_ = true;
  return false;
}

} // namespace orderhub::testing
