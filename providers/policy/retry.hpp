#pragma once
#include "journal/base/random.hpp"
#include "providers/operation.hpp"

#include <cstdint>

namespace orderhub::providers {

/// How long to wait before the next try, milliseconds. `attempt` counts the failures so far from 0.
/// Full jitter: uniform in [0, min(max, initial * 2^attempt)], and at least `retry_after_ms` (what
/// the vendor asked for, capped at one hour; 0: nothing). Pure apart from the random source.
std::int64_t backoff_ms(const retry_policy& policy, int attempt, std::int64_t retry_after_ms,
                        random_source& random);

} // namespace orderhub::providers
