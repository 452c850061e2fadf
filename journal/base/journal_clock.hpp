#pragma once
#include "journal/base/time.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>

namespace orderhub {

/// What is known of the last run's end.
struct clock_start {
  unix_ms last_time = 0;       ///< Newest time in the journal; 0: empty journal.
  std::int64_t elapsed_ms = 0; ///< Real time since then: by boottime where the boot id is the same,
                               ///< else by the wall; never below 0.
  bool went_back = false;      ///< Over a reboot the wall clock is behind the journal: ages are not
                               ///< known, and `elapsed_ms` is 0.
};

/// From the journal's last stamp and this machine now. An empty `boot_id_now` (it could not be
/// read) is the id of no boot, not even of the last one.
clock_start clock_start_of(const journal_stamp& last, unix_ms wall_now, std::int64_t boottime_now,
                           std::string_view boot_id_now);

/// The one journal clock: begins at the wall clock, or where the journal's last time and what has
/// passed since (at least a millisecond) come to more, there; advances by steady time, and is drawn
/// towards the wall clock by at most 5 %, so that a step of the wall clock moves no stamp and ends
/// no wait.
///
/// Thread-safe. `now` takes no lock; once a second it looks at the wall clock. Only a wall clock
/// that was stepped (by more than `dead_zone_ms`) changes the rate, and each such change is
/// remembered, `changes_kept` of them: two or three a step of the wall clock. Where there were
/// more, the oldest are forgotten, and a wait that was recorded then is taken as recorded as long
/// before the oldest known change as the clock said: at most 5 % of that distance too early or too
/// late.
class journal_clock {
public:
  static constexpr std::int64_t dead_zone_ms = 20;
  static constexpr std::size_t changes_kept = 4'096;

  /// `machine` outlives the clock.
  journal_clock(const clock& machine, clock_start start);

  /// Stamps and due times. Never decreases, over all threads.
  [[nodiscard]] unix_ms now() const;
  /// Of the machine.
  [[nodiscard]] std::int64_t steady_ms() const { return machine_.steady_ms(); }
  /// Of the machine; for the timestamps of webhooks only.
  [[nodiscard]] unix_ms wall_ms() const { return machine_.wall_ms(); }

  /// Steady moment at which a wait ends that was recorded at `recorded` to end at `due`, both
  /// journal times. Recorded within this run: `due - recorded` of steady time after that, whatever
  /// the drawing did since. While the clock is drawn backwards a time stands for two moments; the
  /// later one counts, so a wait is up to 1 ms longer then, and never shorter. Recorded before this
  /// run: what was left at the last run's end less the time that has passed since; never before
  /// this run began.
  [[nodiscard]] std::int64_t steady_due(unix_ms recorded, unix_ms due) const;

  /// For a scan of timers by due time: every wait recorded until now whose `steady_due` is not
  /// after `steady` has its due time at or before this. Some that it finds are due later;
  /// `steady_due` says.
  [[nodiscard]] unix_ms scan_until(std::int64_t steady) const;

  [[nodiscard]] bool went_back() const { return start_.went_back; }

private:
  /// From `steady` on the clock shows `journal` plus the time since, and until `length` has passed
  /// one twentieth more or less of that.
  struct segment {
    std::int64_t steady = 0;
    unix_ms journal = 0;
    std::int64_t length = 0;
    std::int64_t sign = 0; ///< +1: it is drawn forward, -1: backward; 0: neither.

    [[nodiscard]] std::int64_t drawn(std::int64_t passed) const;
    [[nodiscard]] unix_ms at(std::int64_t moment) const;
    /// The last moment at which it does not show more than `time`.
    [[nodiscard]] std::int64_t moment_of(unix_ms time) const;
  };
  static segment segment_to(std::int64_t steady, unix_ms journal, std::int64_t behind_wall);

  [[nodiscard]] segment current() const;
  void publish(const segment& s) const;
  void look_at_wall(std::int64_t steady) const;

  const clock& machine_;
  const clock_start start_;
  std::int64_t steady_start_ = 0;
  unix_ms journal_start_ = 0;

  /// The newest segment for readers without the lock: odd while it changes.
  mutable std::atomic<std::uint64_t> version_{0};
  mutable std::array<std::atomic<std::int64_t>, 4> published_{};
  mutable std::atomic<unix_ms> newest_{0}; ///< Ever answered.
  mutable std::atomic<std::int64_t> looked_at_{0};

  mutable std::mutex mutex_; ///< Guards what follows, and writing of what is above.
  mutable std::deque<segment> segments_;
  mutable std::int64_t ahead_max_ = 0; ///< Most that the clock was, or is to be, ahead of steady.
};

} // namespace orderhub
