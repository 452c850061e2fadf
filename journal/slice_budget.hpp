#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace orderhub::journal {

/// Work beside commits is done in slices, so that no commit waits for long. A slice's cost is
/// measured by the machine's steady clock, which decides nothing but where a slice ends.
using slice_clock = std::chrono::steady_clock;

inline std::int64_t microseconds_since(slice_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(slice_clock::now() - start).count();
}

/// Stops a slice when its rows or its time are used up. Begins when it is made; it always allows at
/// least one row.
class slice_budget {
public:
  /// `ms` 0: rows alone count.
  slice_budget(std::size_t rows, std::int64_t ms)
      : rows_(std::max<std::size_t>(rows, 1)), us_(ms * 1000) {}
  void spend(std::size_t rows) { spent_ += rows; }
  /// `waiting_us`: what is known to be still to do in this slice.
  [[nodiscard]] bool used_up(std::int64_t waiting_us = 0) const {
    return spent_ >= rows_ ||
           (spent_ > 0 && us_ > 0 && microseconds_since(start_) + waiting_us >= us_);
  }

private:
  std::size_t rows_;
  std::int64_t us_;
  std::size_t spent_ = 0;
  slice_clock::time_point start_ = slice_clock::now();
};

} // namespace orderhub::journal
