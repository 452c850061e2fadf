#include "providers/policy/rate_limiter.hpp"

#include <algorithm>
#include <charconv>

namespace orderhub::providers {

namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t count_max = 1'000'000;

} // namespace

result<rate_limit> parse_rate_limit(std::string_view text) {
  rate_limit limit;
  std::int64_t times = 1;
  const auto number_in = [](std::string_view digits, std::int64_t& to) {
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
    return failed == std::errc() && end == digits.data() + digits.size() && to >= 1;
  };
  const auto slash = text.find('/');
  const auto unit = slash == std::string_view::npos || text.empty() ? '\0' : text.back();
  const auto unit_ms = unit == 's'   ? second_ms
                       : unit == 'm' ? minute_ms
                       : unit == 'h' ? hour_ms
                                     : 0;
  bool readable = unit_ms != 0 && number_in(text.substr(0, slash), limit.count);
  if (readable && text.size() > slash + 2)
    readable = number_in(text.substr(slash + 1, text.size() - slash - 2), times);
  if (!readable || limit.count > count_max || times > hour_ms / unit_ms)
    return fail({error_kind::invalid, "rate_limit",
                 "must be calls a second, minute or hour, such as 25/s, 10/m or 3/2s"});
  limit.per_ms = times * unit_ms;
  return limit;
}

std::string shown(const rate_limit& limit) {
  const auto count = std::to_string(limit.count);
  if (limit.per_ms == second_ms)
    return count + " a second";
  if (limit.per_ms == minute_ms)
    return count + " a minute";
  if (limit.per_ms == hour_ms)
    return count + " an hour";
  return count + " in " + std::to_string(limit.per_ms) + " ms";
}

// In a window of the limit's length a full bucket lets `burst` leave and then one an interval: at
// most burst + ceil(rate * per) - 1 in all, which is the limit where rate is what follows from it.
token_bucket::token_bucket(const rate_limit& limit, std::int64_t now)
    : limit_(limit), burst_(std::max<std::int64_t>(limit.count / 5, 1)),
      rate_(limit.count - burst_ + 1), refilled_at_(now) {}

std::int64_t token_bucket::interval_ms() const {
  return (limit_.per_ms + rate_ - 1) / rate_;
}

void token_bucket::refill(std::int64_t now) {
  const auto most = burst_ * limit_.per_ms;
  // Longer than that fills it from nothing.
  const auto passed = std::clamp<std::int64_t>(now - refilled_at_, 0, most);
  parts_ = std::min(most, parts_ + passed * rate_);
  refilled_at_ = std::max(refilled_at_, now);
}

bool token_bucket::has_token(std::int64_t now) {
  refill(now);
  return parts_ >= limit_.per_ms;
}

bool token_bucket::take(std::int64_t now) {
  if (!has_token(now))
    return false;
  parts_ -= limit_.per_ms;
  return true;
}

void token_bucket::give_back(std::int64_t now) {
  refill(now);
  parts_ = std::min(burst_ * limit_.per_ms, parts_ + limit_.per_ms);
}

std::int64_t token_bucket::tokens(std::int64_t now) {
  refill(now);
  return parts_ / limit_.per_ms;
}

std::int64_t token_bucket::next_at(std::int64_t now) {
  if (has_token(now))
    return now;
  const auto missing = limit_.per_ms - parts_;
  return now + (missing + rate_ - 1) / rate_;
}

} // namespace orderhub::providers
