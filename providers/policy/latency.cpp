#include "providers/policy/latency.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace orderhub::providers {

// Classes: 0, 1, 2, 3 ms by themselves; from there two for each doubling: 4-5, 6-7, 8-11, 12-15, …

std::size_t latency_record::class_of(std::int64_t ms) {
  const auto n = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));
  if (n < 4)
    return static_cast<std::size_t>(n);
  const auto doubling = static_cast<std::size_t>(std::bit_width(n)) - 1; // 2 for 4 to 7.
  const auto upper_half = static_cast<std::size_t>(n >> (doubling - 1)) & 1U;
  return std::min(2 * doubling + upper_half, classes - 1);
}

std::int64_t latency_record::upper_end(std::size_t index) {
  if (index < 4)
    return static_cast<std::int64_t>(index);
  const auto doubling = index / 2;
  const auto half = std::int64_t{1} << (doubling - 1);
  return (std::int64_t{1} << doubling) + (index % 2 == 0 ? half : 2 * half) - 1;
}

bool latency_record::counts_still(std::size_t half, std::int64_t now) const {
  const auto period = now / period_ms;
  return periods_[half] == period || (period > 0 && periods_[half] == period - 1);
}

void latency_record::add(std::int64_t took_ms, std::int64_t now) {
  const auto period = now / period_ms;
  const auto half = static_cast<std::size_t>(period & 1);
  if (periods_[half] != period) {
    halves_[half] = {};
    periods_[half] = period;
  }
  auto& n = halves_[half][class_of(took_ms)];
  if (n < std::numeric_limits<std::uint32_t>::max())
    ++n;
}

std::uint64_t latency_record::count(std::int64_t now) const {
  std::uint64_t sum = 0;
  for (std::size_t half = 0; half < halves_.size(); ++half)
    if (counts_still(half, now))
      for (const auto n : halves_[half])
        sum += n;
  return sum;
}

std::optional<std::int64_t> latency_record::percentile(int percent, std::int64_t now) const {
  const auto all = count(now);
  if (all == 0)
    return std::nullopt;
  const auto share = static_cast<std::uint64_t>(std::clamp(percent, 1, 100));
  const auto wanted = std::max<std::uint64_t>((all * share + 99) / 100, 1);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t half = 0; half < halves_.size(); ++half)
      if (counts_still(half, now))
        sum += halves_[half][i];
    if (sum >= wanted)
      return upper_end(i);
  }
  return upper_end(classes - 1);
}

} // namespace orderhub::providers
