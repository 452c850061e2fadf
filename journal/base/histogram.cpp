#include "journal/base/histogram.hpp"

#include <algorithm>

namespace orderhub {

std::uint64_t histogram_values::count() const {
  std::uint64_t sum_of_all = 0;
  for (const auto n : counts)
    sum_of_all += n;
  return sum_of_all;
}

void histogram::add(std::int64_t ticks, const invocation_id& whose, unix_ms now) {
  const auto bucket = bucket_of(ticks);
  add_to(bucket, ticks);
  const std::unique_lock lock(newest_mutex_, std::try_to_lock);
  if (!lock.owns_lock())
    return;
  if (newest_.empty())
    newest_.resize(shape_.bounds.size() + 1);
  newest_[bucket] = {whose, ticks, now};
}

histogram_values histogram::values() const {
  histogram_values v;
  v.shape = shape_;
  v.counts.reserve(shape_.bounds.size() + 1);
  for (std::size_t n = 0; n <= shape_.bounds.size(); ++n)
    v.counts.push_back(counts_[n].load(std::memory_order_relaxed));
  v.sum = sum_.load(std::memory_order_relaxed);
  const std::lock_guard lock(newest_mutex_);
  v.newest = newest_;
  return v;
}

bool histogram::empty() const {
  return std::all_of(counts_.begin(), counts_.end(),
                     [](const auto& n) { return n.load(std::memory_order_relaxed) == 0; });
}

} // namespace orderhub
