#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace orderhub::providers {

/// How long calls took lately: percentiles of the last five to ten minutes, from counts in classes
/// that grow by a quarter to a half, so an answer is at most that much too high. A state machine
/// over a passed clock. Single-threaded; 800 bytes, whatever the volume.
class latency_record {
public:
  static constexpr std::int64_t period_ms = 300'000;

  /// Of a call that ended now.
  void add(std::int64_t took_ms, std::int64_t now);
  /// The upper end of the class that `percent` (1 to 100) of the calls do not exceed, milliseconds;
  /// nothing: none ended lately.
  [[nodiscard]] std::optional<std::int64_t> percentile(int percent, std::int64_t now) const;
  [[nodiscard]] std::uint64_t count(std::int64_t now) const;

private:
  static constexpr std::size_t classes = 50;
  using counts = std::array<std::uint32_t, classes>;

  static std::size_t class_of(std::int64_t ms);
  static std::int64_t upper_end(std::size_t index);
  [[nodiscard]] bool counts_still(std::size_t half, std::int64_t now) const;

  std::array<counts, 2> halves_{};
  std::array<std::int64_t, 2> periods_{-1, -1}; ///< Number of the period each half counts.
};

} // namespace orderhub::providers
