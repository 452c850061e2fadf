#include "providers/policy/retry.hpp"

#include "providers/policy/wait_hint.hpp"

#include <algorithm>

namespace orderhub::providers {

std::int64_t backoff_ms(const retry_policy& policy, int attempt, std::int64_t retry_after_ms,
                        random_source& random) {
  const std::int64_t most = std::max<std::int64_t>(policy.max_ms, 0);
  std::int64_t ceiling = std::clamp<std::int64_t>(policy.initial_ms, 0, most);
  // Doubling stops at the maximum, so neither a large attempt nor a large start can overflow.
  for (int i = 0; i < attempt && ceiling > 0 && ceiling < most; ++i)
    ceiling = ceiling > most / 2 ? most : ceiling * 2;
  const auto jitter =
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(ceiling) + 1));
  return std::max(jitter, std::clamp<std::int64_t>(retry_after_ms, 0, wait_hint_max_ms));
}

} // namespace orderhub::providers
