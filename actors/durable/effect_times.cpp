// By whose clock an effect's times are judged: where a wrong guess could do something twice, the
// later or the older reading counts.
#include "actors/durable/effect_machine.hpp"

#include <algorithm>

namespace orderhub::durable {

using providers::doubt_policy;

namespace {

/// So much earlier where the call may be of an earlier run: what the vendor's clock shows now says
/// little of then where our clock was set in between.
constexpr std::int64_t earlier_run_margin_ms = 600'000;
/// A list window ends so much after the call can have been recorded.
constexpr std::int64_t window_end_margin_ms = 600'000;

} // namespace

std::int64_t effect_machine::behind_ms() const {
  return env_.vendor_clocks != nullptr ? env_.vendor_clocks->behind_ms(start_.intent.vendor) : 0;
}

std::int64_t effect_machine::steady_of(unix_ms recorded) const {
  const auto then = env_.time.steady_due(recorded, recorded);
  return std::max(env_.started_at, std::min(then, steady()));
}

/// Events come only while somebody is here: whoever was away waits at least as long again, but for
/// an hour at most, for what was to come meanwhile.
std::int64_t effect_machine::event_wait_ms() const {
  constexpr std::int64_t away_max_ms = 3'600'000;
  const auto away = start_.recovered ? std::min(env_.away_ms, away_max_ms) : 0;
  return std::max(start_.intent.event_wait_ms, away);
}

/// Of a look-up, by the vendor's clock: nothing of ours is older there. Both ways to say when that
/// was count, since ours may have been drawn or set meanwhile: by our clock and how far the
/// vendor's is behind it, and by the vendor's clock now and what has passed since.
unix_ms effect_machine::window_begin() const {
  if (refused_)
    return 0;
  auto since = since_ + behind_ms();
  if (env_.vendor_clocks != nullptr)
    if (const auto theirs = env_.vendor_clocks->now(start_.intent.vendor, steady())) {
      constexpr std::int64_t far = std::int64_t{1} << 40U; // Longer than any run.
      const auto begun = env_.time.steady_due(since_, since_ + far) - far;
      since = std::min(since, *theirs - (steady() - begun));
    }
  if (start_.recovered && steady_of(since_) == env_.started_at)
    since -= earlier_run_margin_ms;
  return std::max<unix_ms>(since - window_margin_ms, 0);
}

/// Nothing of ours is newer at the vendor: the last byte has left, and what it may have begun is
/// over after the absence time, as for an empty look-up. Open where the vendor's clock is not
/// known. After an outage each order's list is its own few minutes, and not all that the others did
/// since.
unix_ms effect_machine::window_end() const {
  if (refused_ || left_recorded_ == 0 || env_.vendor_clocks == nullptr)
    return 0;
  const auto theirs = env_.vendor_clocks->now(start_.intent.vendor, steady());
  if (!theirs)
    return 0;
  const auto left = std::max(*theirs - (steady() - left_at_), left_recorded_);
  return left + start_.intent.absence_after_ms + window_end_margin_ms;
}

/// Whether the vendor surely remembers the key still: by our clock and by its own.
bool effect_machine::key_alive() const {
  if (start_.recovered && env_.time.went_back() && steady_of(start_.accepted_at) == env_.started_at)
    return false; // How long we were away is not known.
  const auto dies_at =
      env_.time.steady_due(first_sent_at_, first_sent_at_ + start_.intent.key_life_ms);
  if (steady() >= dies_at)
    return false; // Also where the clock was set back while we were away.
  auto age = now() - first_sent_at_;
  if (env_.vendor_clocks != nullptr)
    if (const auto theirs = env_.vendor_clocks->now(start_.intent.vendor, steady()))
      age = std::max(age, *theirs - first_sent_at_);
  return age < start_.intent.key_life_ms;
}

bool effect_machine::key_not_sure() const {
  return policy() == doubt_policy::replay_key && !refused_ && start_.operation.lookup != nullptr &&
         !key_alive();
}

} // namespace orderhub::durable
