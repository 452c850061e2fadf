#pragma once
#include "journal/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace orderhub::host {

/// Objects whose activation ended by an exception, a bug or want of memory. One that fails three
/// times within a minute is paused for a person.
class failure_book {
public:
  static constexpr int failures_max = 3;
  static constexpr std::int64_t within_ms = 60'000;
  /// Of each list. Past it the oldest is forgotten: it is tried again, and may be paused again.
  static constexpr std::size_t objects_max = 10'000;

  struct verdict {
    bool paused = false;
    std::int64_t wait_ms = 0; ///< Before it is built again: want of memory passes.
  };
  verdict failed(const object_id& object, std::int64_t now) {
    forget_before(now - within_ms);
    recent_.emplace_back(now, object);
    const auto count = ++counts_[object];
    if (recent_.size() > objects_max)
      forget_first();
    if (count < failures_max)
      return {false, (count - 1) * 1'000};
    if (paused_.insert(object).second)
      paused_order_.push_back(object);
    while (paused_order_.size() > objects_max) {
      paused_.erase(paused_order_.front());
      paused_order_.pop_front();
    }
    return {true, 0};
  }
  [[nodiscard]] bool paused(const object_id& object) const {
    return !paused_.empty() && paused_.contains(object);
  }
  [[nodiscard]] std::size_t paused_count() const { return paused_.size(); }
  /// A person says so. False: it was not paused.
  bool resume(const object_id& object) {
    if (paused_.erase(object) == 0)
      return false;
    std::erase(paused_order_, object);
    std::erase_if(recent_, [&](const auto& r) { return r.second == object; });
    counts_.erase(object);
    return true;
  }

private:
  void forget_first() {
    auto it = counts_.find(recent_.front().second);
    if (it != counts_.end() && --it->second == 0)
      counts_.erase(it);
    recent_.pop_front();
  }
  void forget_before(std::int64_t time) {
    while (!recent_.empty() && recent_.front().first <= time)
      forget_first();
  }

  std::deque<std::pair<std::int64_t, object_id>> recent_; ///< Oldest first.
  std::unordered_map<object_id, int> counts_;             ///< Of `recent_`.
  std::unordered_set<object_id> paused_;
  std::deque<object_id> paused_order_;
};

} // namespace orderhub::host
