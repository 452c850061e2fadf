#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace orderhub {

/// What a histogram counts in, and where its buckets end. Values are whole ticks, so that nothing
/// that is recorded on a hot path computes with fractions.
struct histogram_shape {
  /// Upper ends of the buckets, the ends included, ascending, in ticks. Live as long as the
  /// program; at most `histogram::bounds_max`.
  std::span<const std::int64_t> bounds;
  std::int64_t ticks_per_unit = 1; ///< 1,000,000: a tick is a microsecond, the unit a second.
};

/// One value of a bucket, and which invocation it was.
struct exemplar {
  invocation_id invocation;
  std::int64_t ticks = 0;
  unix_ms at = 0; ///< 0: there is none.
};

/// What a histogram held at one moment.
struct histogram_values {
  histogram_shape shape;
  std::vector<std::uint64_t> counts; ///< Of each bucket, not added up; the last is beyond all ends.
  std::int64_t sum = 0;              ///< Ticks.
  std::vector<exemplar> newest;      ///< Of each bucket; empty: none was given.

  [[nodiscard]] std::uint64_t count() const;
};

/// How often values fell into each bucket since the start. Recording is two relaxed additions, and
/// takes no lock but that for an exemplar, which is left out where another thread is giving one:
/// the threads that record into one of ours are one or two, so its counters are not striped. From
/// any thread. About 200 bytes, and 700 more with exemplars.
class histogram {
public:
  static constexpr std::size_t bounds_max = 18;

  explicit histogram(const histogram_shape& shape) : shape_(shape) {}
  histogram(const histogram&) = delete;
  histogram& operator=(const histogram&) = delete;

  void add(std::int64_t ticks) { add_to(bucket_of(ticks), ticks); }
  void add(std::int64_t ticks, const invocation_id& whose, unix_ms now);

  [[nodiscard]] histogram_values values() const;
  [[nodiscard]] bool empty() const;

private:
  [[nodiscard]] std::size_t bucket_of(std::int64_t ticks) const {
    std::size_t n = 0;
    while (n < shape_.bounds.size() && ticks > shape_.bounds[n])
      ++n;
    return n;
  }
  void add_to(std::size_t bucket, std::int64_t ticks) {
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(ticks, std::memory_order_relaxed);
  }

  const histogram_shape shape_;
  std::array<std::atomic<std::uint64_t>, bounds_max + 1> counts_{};
  std::atomic<std::int64_t> sum_{0};
  mutable std::mutex newest_mutex_; ///< Guards the next one.
  std::vector<exemplar> newest_;    ///< Made with the first exemplar.
};

/// The buckets of the hub's own histograms (http_gateway/OPERATING.md), in microseconds; the last
/// in pieces.
namespace buckets {
inline constexpr std::int64_t us_per_s = 1'000'000;
inline constexpr std::array<std::int64_t, 11> commit_us = {
    200, 500, 1'000, 2'000, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000};
inline constexpr std::array<std::int64_t, 13> call_us = {
    5'000,     10'000,    25'000,    50'000,     100'000,    250'000,   500'000,
    1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
inline constexpr std::array<std::int64_t, 15> request_us = {
    1'000,   2'500,     5'000,     10'000,    25'000,     50'000,     100'000,   250'000,
    500'000, 1'000'000, 2'000'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
/// Of an order, and of a doubt. 900 s is what the doubts' objective asks for.
inline constexpr std::array<std::int64_t, 11> order_us = {
    50'000,      250'000,       1'000'000,     5'000'000,     15'000'000,    60'000'000,
    300'000'000, 900'000'000LL, 1'800'000'000, 7'200'000'000, 86'400'000'000};
inline constexpr std::array<std::int64_t, 9> pieces = {1, 2, 5, 10, 25, 50, 100, 250, 1'000};

inline constexpr histogram_shape commit{commit_us, us_per_s};
inline constexpr histogram_shape call{call_us, us_per_s};
inline constexpr histogram_shape request{request_us, us_per_s};
inline constexpr histogram_shape order{order_us, us_per_s};
inline constexpr histogram_shape records{pieces, 1};
} // namespace buckets

} // namespace orderhub
