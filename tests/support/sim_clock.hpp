#pragma once
#include "journal/base/time.hpp"

namespace orderhub::testing {

/// Time moved by hand. Steady and wall time advance together.
class manual_clock final : public clock {
public:
  explicit manual_clock(unix_ms start = 1'700'000'000'000) : start_(start), now_(start) {}
  [[nodiscard]] unix_ms wall_ms() const override { return now_; }
  [[nodiscard]] std::int64_t steady_ms() const override { return now_ - start_; }
  void advance(std::int64_t ms) { now_ += ms; }
  void set(unix_ms now) { now_ = now; }

private:
  unix_ms start_;
  unix_ms now_;
};

} // namespace orderhub::testing
