#pragma once
#include "actors/durable/wait_cause.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::durable {

/// How many steps wait for one vendor and cause.
struct waiting_count {
  std::string vendor;
  wait_cause cause = wait_cause::answer;
  std::size_t count = 0;
  unix_ms since = 0; ///< Of the step that began first.
};

/// All steps of this process that wait, by vendor and cause: what the metrics show, what the log
/// says once a minute, and whom a person is called for. A view of what the journal holds, made
/// again after a restart as objects become active; nothing is decided by it.
///
/// A warning `steps_wait` a minute for each vendor and cause for which steps have waited for
/// `patience_ms` at least, with their count, and `steps_wait_no_more` when there are none left; an
/// error `step_waits_too_long` once for each step that has waited longer than the table allows.
///
/// Thread-safe. Keeps at most `steps_max` steps; further ones are not counted.
class wait_board {
public:
  static constexpr std::int64_t patience_ms = 3'000;
  static constexpr std::int64_t warn_every_ms = 60'000;
  static constexpr std::size_t steps_max = 500'000;

  /// `call_after_ms`: stands for all times of the table where it is positive.
  explicit wait_board(std::int64_t call_after_ms = 0) : call_after_ms_(call_after_ms) {}

  /// That step waits, or waits for something else now. `since`: when it began; `now`: both journal
  /// time. `last` without secrets or personal data.
  void waits(const object_id& object, std::string_view step, std::string_view vendor,
             wait_cause cause, unix_ms since, unix_ms now, std::string_view last);
  /// It does not wait any more; nothing where it was not said to.
  void ended(const object_id& object, std::string_view step);
  /// About once a second.
  void tick(unix_ms now);

  [[nodiscard]] std::vector<waiting_count> snapshot() const;
  /// How many steps a person was called for.
  [[nodiscard]] std::uint64_t called() const;
  /// How many warnings were written.
  [[nodiscard]] std::uint64_t warnings() const;
  [[nodiscard]] std::int64_t call_after_ms() const { return call_after_ms_; }

private:
  using kind = std::pair<std::string, wait_cause>; ///< Vendor, and what for.
  struct entry {
    kind of;
    unix_ms since = 0;
    unix_ms seen_at = 0; ///< Since when it waits for that.
    std::string last;
    bool called = false;
  };
  struct warned {
    unix_ms at = 0;
    std::size_t most = 0;
  };

  const std::int64_t call_after_ms_;
  mutable std::mutex mutex_;
  std::map<std::pair<object_id, std::string>, entry> steps_;
  std::map<kind, warned> warnings_;
  unix_ms looked_at_ = 0;
  std::uint64_t called_ = 0;
  std::uint64_t warnings_written_ = 0;
};

} // namespace orderhub::durable
