#include "providers/policy/vendor_clock.hpp"

#include "providers/codec/http_date.hpp"

#include <algorithm>

namespace orderhub::providers {

void vendor_clocks::note(std::string_view vendor, const http_response& response,
                         unix_ms journal_now, std::int64_t steady_now) {
  const std::string* date = response.header("date");
  const auto seconds = date ? http_date_seconds(*date, journal_now) : std::nullopt;
  if (!seconds)
    return;
  const unix_ms theirs = *seconds * 1'000;
  const std::int64_t skew = theirs - journal_now;
  const std::lock_guard lock(mutex_);
  const auto at = vendors_.find(vendor);
  if (at == vendors_.end()) {
    if (vendors_.size() < vendors_max)
      vendors_.emplace(std::string(vendor), entry{skew, theirs, steady_now});
    return;
  }
  entry& known = at->second;
  known.min_skew_ms = std::min(known.min_skew_ms, skew);
  const unix_ms expected = known.newest_ms + (steady_now - known.steady_ms);
  if (theirs >= expected || expected - theirs > late_max_ms) {
    known.newest_ms = theirs;
    known.steady_ms = steady_now;
  }
}

std::int64_t vendor_clocks::behind_ms(std::string_view vendor) const {
  const std::lock_guard lock(mutex_);
  const auto at = vendors_.find(vendor);
  return at == vendors_.end() ? 0
                              : std::clamp<std::int64_t>(at->second.min_skew_ms, -behind_max_ms, 0);
}

bool vendor_clocks::measured(std::string_view vendor) const {
  const std::lock_guard lock(mutex_);
  return vendors_.contains(vendor);
}

std::optional<unix_ms> vendor_clocks::now(std::string_view vendor, std::int64_t steady_now) const {
  const std::lock_guard lock(mutex_);
  const auto at = vendors_.find(vendor);
  if (at == vendors_.end())
    return std::nullopt;
  return at->second.newest_ms + (steady_now - at->second.steady_ms);
}

} // namespace orderhub::providers
