#include "journal/due_timers.hpp"

#include "journal/stored_objects.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace orderhub::journal {

namespace {
constexpr std::size_t cache_size_max = 20'000;
} // namespace

result<std::optional<recorded_wait>> due_timers::due_of(const std::string& key) const {
  const auto records = recent_.view_of(key);
  const auto newest = records.records.empty() ? 0 : records.records.back().lsn;
  {
    const std::lock_guard lock(mutex_);
    if (auto it = cache_.find(key); it != cache_.end() && it->second.last_lsn == newest)
      return it->second.due;
  }
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto state = objects_.fold(*parse_object_key(key), records, **rows);
  if (!state)
    return state.failure();
  auto due = next_due(*state);
  if (newest != 0) {
    const std::lock_guard lock(mutex_);
    if (cache_.size() >= cache_size_max)
      cache_.clear();
    cache_.insert_or_assign(key, cached_due{newest, due});
  }
  return due;
}

/// Timers of objects whose rows speak for them; the others' keys go into `newer`.
result<void> due_timers::from_rows(unix_ms until, std::size_t limit, overlay::object_keys& newer,
                                   std::vector<timer_row>& out) const {
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto take = [&](timer_row row) {
    auto object = object_key(row.object);
    if (newer.contains(object) || aside_.contains(object))
      return;
    if (recent_.covers(object))
      newer.insert(std::move(object));
    else
      out.push_back(std::move(row));
  };
  bool whole = true;
  auto scanned = (*rows)->scan(table::tm, {}, [&](auto key, auto value) {
    if (const auto due = parse_timer_key(key); due && (*due > until || out.size() >= limit))
      return false;
    auto row = decode_timer_row(key, value);
    if (!row) {
      damage_.note(table::tm, key, row.error());
      whole = false;
      return false;
    }
    take(std::move(*row));
    return true;
  });
  if (!scanned || whole)
    return scanned;
  // The objects themselves know.
  out.clear();
  return each_object(**rows, aside_, [&](const object_state& state) {
    if (const auto wait = next_due(state); wait && wait->due <= until)
      take({wait->due, state.id, wait->recorded_at});
  });
}

result<std::vector<timer_row>> due_timers::until(unix_ms until, std::size_t limit) const {
  constexpr int tries_max = 5;
  std::vector<timer_row> out;
  for (int tries = 1;; ++tries) {
    out.clear();
    auto [newer, folds] = recent_.due(until);
    if (auto done = from_rows(until, limit, newer, out); !done)
      return done.failure();
    for (const auto& key : newer) {
      auto wait = due_of(key);
      if (!wait && concerns_one_object(wait.error()))
        continue;
      if (!wait)
        return wait.failure();
      if (*wait && (*wait)->due <= until)
        out.push_back({(*wait)->due, *parse_object_key(key), (*wait)->recorded_at});
    }
    // Rows that moved meanwhile may have been read old: once more. After some tries the answer may
    // hold a timer that was due and is done, which costs its reader one look in vain.
    if (folds == recent_.folds() || tries == tries_max)
      break;
  }
  std::sort(out.begin(), out.end(), [](const timer_row& a, const timer_row& b) {
    return std::tie(a.due_at, a.object) < std::tie(b.due_at, b.object);
  });
  if (out.size() > limit)
    out.resize(limit);
  return out;
}

void due_timers::forget() {
  const std::lock_guard lock(mutex_);
  cache_.clear();
}

} // namespace orderhub::journal
