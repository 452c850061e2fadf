#pragma once
#include "http_gateway/cli/client.hpp"

#include <chrono>
#include <cstdint>
#include <string>

// NOLINTBEGIN(readability-identifier-naming): CLI11's own names.
namespace CLI {
class App;
class Option;
} // namespace CLI
// NOLINTEND(readability-identifier-naming)

namespace orderhub::http_gateway::cli {

/// When a command has waited for long enough.
class deadline {
public:
  /// 0: never.
  explicit deadline(std::int64_t after_ms)
      : after_ms_(after_ms), at_(clock::now() + std::chrono::milliseconds(after_ms)) {}

  [[nodiscard]] bool is_over() const { return after_ms_ > 0 && clock::now() >= at_; }
  /// At least 1; 0: for ever.
  [[nodiscard]] std::int64_t left_ms() const;
  /// The hub, asked no longer than is left.
  [[nodiscard]] client within(const client& hub) const;

private:
  using clock = std::chrono::steady_clock;
  std::int64_t after_ms_;
  clock::time_point at_;
};

/// An option that takes `90s`, `5m`, or a number of seconds, at most a day. `ms` has what is said,
/// or what it has now. Anything else is wrong use, 0 too unless `takes_none`.
CLI::Option* add_duration(CLI::App& command, const char* names, std::int64_t& ms, const char* help,
                          bool takes_none = false);

} // namespace orderhub::http_gateway::cli
