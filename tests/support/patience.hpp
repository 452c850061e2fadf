#pragma once

namespace orderhub::testing {

/// For a test of something that happens after a time, where another thread must have come somewhere
/// before that: on a busy machine it has not. Runs `attempt` with 60 ms, and with four times as
/// much each time it returns false, which says "a thread was too slow, nothing is shown"; false
/// after the attempt with 15 s. What is wrong in any attempt is for `attempt` to check.
template <class Attempt>
bool with_growing_time(const Attempt& attempt) {
  for (int ms = 60; ms <= 16'000; ms *= 4)
    if (attempt(ms))
      return true;
  return false;
}

} // namespace orderhub::testing
