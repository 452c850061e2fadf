#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>

namespace orderhub::host {

/// How many at once, how often, makes at most so many a second.
struct resume_pace {
  explicit resume_pace(std::size_t per_second)
      : at_once(std::max<std::size_t>(per_second / 100, 1)),
        pause((1'000 * at_once + std::max<std::size_t>(per_second, 1) - 1) /
              std::max<std::size_t>(per_second, 1)) {}

  std::size_t at_once;
  std::chrono::milliseconds pause;
};

} // namespace orderhub::host
