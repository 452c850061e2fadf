#pragma once
#include "providers/operation.hpp"
#include "providers/registry.hpp"

#include <cstdint>

namespace orderhub::providers {

/// What is done in doubt of one call, and the times that go with it.
struct chosen_doubt {
  doubt_policy policy = doubt_policy::may_miss;
  std::int64_t event_wait_ms = 0;
  doubt_policy after_event = doubt_policy::may_miss;
  std::int64_t key_life_ms = 0;
  std::int64_t absence_after_ms = 0;
};

/// As the endpoint's configuration says, else the operation's own. A call that cannot be looked up
/// although its operation can (a message to a channel that is given by its name) keeps its own
/// policy where the configured one would look it up. `at` may be null.
chosen_doubt doubt_of(const raw_operation& call, const endpoint* at);

} // namespace orderhub::providers
