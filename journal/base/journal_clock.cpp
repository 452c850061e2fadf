#include "journal/base/journal_clock.hpp"

#include <algorithm>
#include <cstdlib>

namespace orderhub {

namespace {
/// The clock gains or loses one millisecond in so many: 5 %.
constexpr std::int64_t draw_share = 20;
constexpr std::int64_t look_every_ms = 1'000;
/// Where the thread was held up between two looks at the steady clock for longer, the look at the
/// wall clock between them says nothing.
constexpr std::int64_t look_max_ms = 2;
} // namespace

clock_start clock_start_of(const journal_stamp& last, unix_ms wall_now, std::int64_t boottime_now,
                           std::string_view boot_id_now) {
  clock_start start;
  if (last.time <= 0)
    return start;
  start.last_time = last.time;
  // A machine that was set back to an earlier state of itself has the same boot id and less time.
  if (!boot_id_now.empty() && last.boot_id == boot_id_now && boottime_now >= last.boottime_ms) {
    start.elapsed_ms = boottime_now - last.boottime_ms;
    return start;
  }
  start.went_back = wall_now < last.time;
  start.elapsed_ms = std::max<std::int64_t>(wall_now - last.time, 0);
  return start;
}

std::int64_t journal_clock::segment::drawn(std::int64_t passed) const {
  return sign * (std::min(passed, length) / draw_share);
}

unix_ms journal_clock::segment::at(std::int64_t moment) const {
  const auto passed = std::max<std::int64_t>(moment - steady, 0);
  return journal + passed + drawn(passed);
}

std::int64_t journal_clock::segment::moment_of(unix_ms time) const {
  const auto shown = time - journal;
  const auto shown_in_all = length + drawn(length);
  if (shown >= shown_in_all)
    return steady + length + (shown - shown_in_all);
  auto passed = std::clamp<std::int64_t>(shown * draw_share / (draw_share + sign), 0, length);
  while (passed > 0 && passed + drawn(passed) > shown)
    --passed;
  while (passed < length && passed + 1 + drawn(passed + 1) <= shown)
    ++passed;
  return steady + passed;
}

journal_clock::segment journal_clock::segment_to(std::int64_t steady, unix_ms journal,
                                                 std::int64_t behind_wall) {
  const auto distance = std::abs(behind_wall);
  if (distance <= dead_zone_ms)
    return {steady, journal, 0, 0};
  return {steady, journal, distance * draw_share, behind_wall > 0 ? 1 : -1};
}

journal_clock::journal_clock(const clock& machine, clock_start start)
    : machine_(machine), start_(start), steady_start_(machine.steady_ms()) {
  const auto wall = machine.wall_ms();
  // Not at the last time itself: what is recorded in this run is told from what was before by its
  // time. Nor before what has really passed since: where the wall clock was set back, what is known
  // of it now is lost with this run, and ages would be short for ever.
  journal_start_ =
      start_.last_time > 0
          ? std::max(wall, start_.last_time + std::max<std::int64_t>(start_.elapsed_ms, 1))
          : wall;
  const auto first = segment_to(steady_start_, journal_start_, wall - journal_start_);
  segments_.push_back(first);
  ahead_max_ =
      journal_start_ - steady_start_ + std::max<std::int64_t>(first.drawn(first.length), 0);
  publish(first);
  newest_ = journal_start_;
  looked_at_ = steady_start_;
}

journal_clock::segment journal_clock::current() const {
  for (;;) {
    const auto before = version_.load(std::memory_order_acquire);
    const segment s{published_[0].load(std::memory_order_relaxed),
                    published_[1].load(std::memory_order_relaxed),
                    published_[2].load(std::memory_order_relaxed),
                    published_[3].load(std::memory_order_relaxed)};
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && version_.load(std::memory_order_relaxed) == before)
      return s;
  }
}

void journal_clock::publish(const segment& s) const {
  const auto version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  published_[0].store(s.steady, std::memory_order_relaxed);
  published_[1].store(s.journal, std::memory_order_relaxed);
  published_[2].store(s.length, std::memory_order_relaxed);
  published_[3].store(s.sign, std::memory_order_relaxed);
  version_.store(version + 2, std::memory_order_release);
}

unix_ms journal_clock::now() const {
  const auto steady = machine_.steady_ms();
  if (steady - looked_at_.load(std::memory_order_relaxed) >= look_every_ms)
    look_at_wall(steady);
  const auto time = current().at(steady);
  // A thread that was held up between its two looks may bring an older time, or one of the rate
  // before: nobody is shown less than another has seen.
  auto newest = newest_.load(std::memory_order_relaxed);
  while (newest < time && !newest_.compare_exchange_weak(newest, time, std::memory_order_relaxed)) {
  }
  return std::max(newest, time);
}

void journal_clock::look_at_wall(std::int64_t steady) const {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || steady - looked_at_.load(std::memory_order_relaxed) < look_every_ms)
    return; // Another thread does, or did.
  const auto wall = machine_.wall_ms();
  const auto moment = machine_.steady_ms();
  if (moment - steady > look_max_ms)
    return;
  looked_at_.store(moment, std::memory_order_relaxed);
  const auto& last = segments_.back();
  const auto passed = std::max<std::int64_t>(moment - last.steady, 0);
  const auto time = last.at(moment);
  const auto behind = wall - time;
  const auto planned = last.drawn(last.length) - last.drawn(passed);
  if (std::abs(behind - planned) <= dead_zone_ms)
    return;
  const auto next = segment_to(moment, time, behind);
  segments_.push_back(next);
  if (segments_.size() > changes_kept)
    segments_.pop_front();
  ahead_max_ =
      std::max(ahead_max_, time - moment + std::max<std::int64_t>(next.drawn(next.length), 0));
  publish(next);
}

unix_ms journal_clock::aged() const {
  const auto passed = machine_.steady_ms() - steady_start_;
  if (start_.last_time <= 0)
    return std::min(now(), journal_start_ + passed);
  return std::min(now(), start_.last_time + start_.elapsed_ms + passed);
}

std::int64_t journal_clock::steady_due(unix_ms recorded, unix_ms due) const {
  if (recorded < journal_start_) {
    const auto left = due - std::max(recorded, start_.last_time) - start_.elapsed_ms;
    return steady_start_ + std::max<std::int64_t>(left, 0);
  }
  const std::lock_guard lock(mutex_);
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), recorded,
                       [](unix_ms time, const segment& s) { return time < s.journal; });
  const auto wait = std::max<std::int64_t>(due - recorded, 0);
  if (after == segments_.begin())
    return std::max(after->steady - (after->journal - recorded), steady_start_) + wait;
  return std::prev(after)->moment_of(recorded) + wait;
}

unix_ms journal_clock::scan_until(std::int64_t steady) const {
  // Recorded in this run: due at most as far ahead of its steady moment as the clock ever was. The
  // drawing is counted in whole milliseconds, hence the one.
  const auto before = start_.last_time + start_.elapsed_ms + (steady - steady_start_);
  const std::lock_guard lock(mutex_);
  return std::max(steady + ahead_max_ + 1, before);
}

} // namespace orderhub
