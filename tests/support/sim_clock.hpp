#pragma once
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>

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

/// A machine's boots, moved by hand.
class manual_boot final : public boot_clock {
public:
  [[nodiscard]] std::int64_t boottime_ms() const override { return now_; }
  [[nodiscard]] std::string boot_id() const override { return id_; }
  void advance(std::int64_t ms) { now_ += ms; }
  void reboot() {
    id_ = "boot-" + std::to_string(++boots_);
    now_ = 10'000;
  }

private:
  int boots_ = 1;
  std::string id_ = "boot-1";
  std::int64_t now_ = 500'000;
};

} // namespace orderhub::testing
