#include "tests/simulation/world/objects.hpp"
#include "tests/support/must.hpp"

#include <utility>

namespace orderhub::testing {

void world::lose_power() {
  restart();
}

void world::restart() {
  ++crashes_;
  // Places that are given back from here on are of no process any more.
  gate_->on_offer(nullptr);
  if (crashes_ == 1) {
    time.step_wall(settings_.wall_step_at_restart_ms);
    if (settings_.orders_after_restart)
      next_orders_ = settings_.orders_after_restart;
  }
  // A batch that was on its way may be there, whole, though nobody was told.
  const auto doubtful = committing_ ? in_commit_ : std::vector<logged>();
  committing_ = false;
  for (;;) {
    power_off_ = false;
    gate_->on_offer(nullptr);
    forget_memory();
    store.power_loss();
    if (disk_) {
      const auto way = dice_.below(4);
      disk_ = disk_->after_power_cut(
          [&](std::size_t) { return way == 0 || (way > 1 && dice_.below(2) == 0); });
      disk_->on_change([this] { disk_changed(); });
    }
    orphan_calls();
    time.advance(1 + static_cast<std::int64_t>(dice_.below(200)));
    if (settings_.reboots)
      boot_.reboot();
    try {
      open();
      if (!doubtful.empty() && journal_->metrics().last_lsn == log_.size() + doubtful.size()) {
        in_commit_ = doubtful;
        note_durable();
      }
      break;
    } catch (const power_cut&) {
      ++crashes_;
    }
  }
  // An overdue time is looked at with the rest.
  for (auto& id : must(journal_->resumable()))
    put("resume " + id.text(), time.true_ms() + latency(), to_object{id, host::tick{}});
  for (auto& row : must(journal_->timers(time.true_ms() + 100LL * 365 * 24 * 3'600'000, 100'000)))
    timers_.add(time.true_at(clock_->steady_due(row.recorded_at, row.due_at)),
                std::move(row.object));
  for (std::size_t i = 0; i < clients_.size(); ++i)
    if (!clients_[i].heard)
      ask_again(i);
}

void world::forget_memory() {
  objects_.clear();
  due_.clear();
  touched_.clear();
  in_commit_.clear();
  queue_.clear();
  timers_.clear();
  intake_.reset();
  shared_.reset();
  slice_wanted_ = false;
  journal_.reset();
  commits_.reset();
}

void world::disk_changed() {
  if (!committing_) {
    point("the commit log's files change");
  } else if (!disk_->just_synced()) {
    point("the batch is written and not synced");
  } else {
    note_durable();
    committing_ = false; // Nothing is on its way any more.
    point("the batch is on disk, nobody knows");
  }
  if (power_off_)
    throw power_cut{};
}

/// Bytes that have left reach their vendor all the same, some of them late.
void world::orphan_calls() {
  for (auto it = channels_.begin(); it != channels_.end();) {
    auto& parcels = it->second;
    std::erase_if(parcels,
                  [](const parcel& p) { return !std::holds_alternative<to_vendor>(p.content); });
    for (auto& p : parcels) {
      // Once: a later loss of power does not hold up what is in the network.
      auto& request = std::get<to_vendor>(p.content);
      request.place.release();
      const bool known = std::exchange(request.orphan, true);
      if (!known && settings_.orphan_delay_max_ms > 0 && dice_.below(3) == 0)
        p.at += static_cast<std::int64_t>(
            dice_.below(static_cast<std::uint64_t>(settings_.orphan_delay_max_ms)));
    }
    it = parcels.empty() ? channels_.erase(it) : std::next(it);
  }
  fronts_.clear();
  for (const auto& [name, parcels] : channels_)
    fronts_.emplace(parcels.front().at, name);
}

} // namespace orderhub::testing
