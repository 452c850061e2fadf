#pragma once
#include "journal/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace orderhub::host {

/// Objects that are not in memory and want to be woken at a time, steady milliseconds. An object
/// may be there for several times; being woken too often changes nothing.
class due_times {
public:
  void add(std::int64_t due, object_id object) { waiting_.emplace(due, std::move(object)); }
  void clear() { waiting_.clear(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] std::optional<std::int64_t> first() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first);
  }
  /// Removes and returns what is due by `now`, soonest first, at most `most`.
  std::vector<object_id> take(std::int64_t now, std::size_t most) {
    std::vector<object_id> due;
    while (due.size() < most && !waiting_.empty() && waiting_.begin()->first <= now)
      due.push_back(std::move(waiting_.extract(waiting_.begin()).value().second));
    return due;
  }

private:
  std::set<std::pair<std::int64_t, object_id>> waiting_;
};

/// Ticks by delayed messages that nobody can call back: one is on its way at a time and never comes
/// later than `longest_ms`, so that what is added before it need not send another one.
class single_tick {
public:
  explicit single_tick(std::int64_t longest_ms) : longest_ms_(longest_ms) {}

  /// Wants to be called at `at`: how long the tick that should be sent now takes; nothing where one
  /// is on its way.
  [[nodiscard]] std::optional<std::int64_t> want(std::int64_t now, std::int64_t at) {
    if (std::exchange(out_, true))
      return std::nullopt;
    return std::clamp<std::int64_t>(at - now, 0, longest_ms_ - 1) + 1;
  }
  void arrived() { out_ = false; }

private:
  std::int64_t longest_ms_;
  bool out_ = false;
};

/// The same for one object that wants several: one that comes no later does for another.
class near_ticks {
public:
  /// Those that have come by `now`.
  void forget_before(std::int64_t now) {
    std::erase_if(at_, [&](std::int64_t at) { return at <= now; });
  }
  /// Wants to be called at `at`: how long the tick that should be sent now takes; nothing where one
  /// is on its way that comes no later.
  [[nodiscard]] std::optional<std::int64_t> want(std::int64_t now, std::int64_t at) {
    if (std::any_of(at_.begin(), at_.end(), [&](std::int64_t t) { return t <= at + 1; }))
      return std::nullopt;
    const auto wait = std::max<std::int64_t>(at - now, 0) + 1;
    at_.push_back(now + wait);
    return wait;
  }
  void clear() { at_.clear(); }

private:
  std::vector<std::int64_t> at_; ///< On their way, by when they come.
};

} // namespace orderhub::host
