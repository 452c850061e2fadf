#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// A vendor's limit as it documents it: at most `count` calls in any `per_ms` milliseconds.
struct rate_limit {
  std::int64_t count = 0;  ///< 1 to 1,000,000.
  std::int64_t per_ms = 0; ///< 1 ms to an hour.

  friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

/// The limit of one class of calls (`operation::call_class`).
struct call_limit {
  std::string call_class; ///< `write`, `read`, `list`, `search`; `all`: of all of them together.
  rate_limit limit;
  /// It holds for each `operation::limit_key` by itself (a channel, a sender), not for all of them.
  bool per_key = false;

  friend bool operator==(const call_limit&, const call_limit&) = default;
};

/// Reads `25/s`, `10/m`, `500/h`, and calls in several of these: `3/2s`. Fails with `invalid`,
/// saying what is right.
result<rate_limit> parse_rate_limit(std::string_view text);
/// `10 a minute`, `25 a second`, `500 an hour`, else `3 in 2000 ms`: for people.
std::string shown(const rate_limit& limit);

/// A token bucket over a passed clock: which calls may leave so that in no window of the limit's
/// length, wherever it begins, more leave than the limit says. A fifth of the limit may leave at
/// once, the rest comes evenly. Begins empty: what the process before took is not known, so the
/// first token is there one `interval_ms` after the start. Single-threaded.
class token_bucket {
public:
  token_bucket(const rate_limit& limit, std::int64_t now);

  [[nodiscard]] const rate_limit& limit() const { return limit_; }
  /// From one token to the next.
  [[nodiscard]] std::int64_t interval_ms() const;
  [[nodiscard]] bool has_token(std::int64_t now);
  /// False: none is there.
  bool take(std::int64_t now);
  /// One that was taken was not used.
  void give_back(std::int64_t now);
  /// When a token is there; `now` where one is.
  [[nodiscard]] std::int64_t next_at(std::int64_t now);
  /// How many are there.
  [[nodiscard]] std::int64_t tokens(std::int64_t now);

private:
  void refill(std::int64_t now);

  // A token is `per_ms` parts; each millisecond brings `rate_` of them.
  rate_limit limit_;
  std::int64_t burst_ = 1;
  std::int64_t rate_ = 1;
  std::int64_t parts_ = 0;
  std::int64_t refilled_at_ = 0;
};

} // namespace orderhub::providers
