#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace orderhub::handlers {

/// How often events ended with each verdict, since the start. Thread-safe.
struct webhook_counts {
  static constexpr std::size_t verdicts = 8; ///< As many as `event_verdict` has.
  std::array<std::atomic<std::uint64_t>, verdicts> ended{};
};

} // namespace orderhub::handlers
