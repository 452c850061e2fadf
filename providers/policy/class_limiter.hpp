#pragma once
#include "providers/policy/rate_limiter.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace orderhub::providers {

/// When calls of one class may leave for a vendor: the limit that is known, and what the vendor's
/// own refusals (429) showed. A state machine over a passed clock, steady milliseconds.
/// Single-threaded; takes no memory of its own.
///
/// A refusal holds the whole class, not only the call that met it: as long as the vendor asked
/// (`Retry-After`, at most an hour), else for the known limit's own window (a minute where it
/// counts by the minute, as Shippo's, whose 429 says nothing), else for 1 s, 2 s, 4 s … up to a
/// minute. After that the class goes on at half of what it went at before, evenly; at an eighth
/// less where it was paced already and few of its last calls were refused, since a vendor that
/// refuses one in thirteen at random must not bring it to a standstill. It recovers slowly while
/// that is used: a fortieth of the earlier rate each second, past it a tenth of its own. What is
/// known as a limit is never exceeded, and where the rate has come up to it, or no refusal came for
/// ten minutes, only that counts again.
///
/// Refusals of calls that had left before the last one was learned say nothing new: a burst that is
/// refused is one refusal.
class class_limiter {
public:
  /// Without a known limit everything may leave until a refusal shows that there is one.
  class_limiter() = default;
  class_limiter(const rate_limit& known, std::int64_t now) : known_(token_bucket(known, now)) {}

  [[nodiscard]] bool has_token(std::int64_t now);
  /// False: none is there.
  bool take(std::int64_t now);
  /// One that was taken was not used.
  void give_back(std::int64_t now);
  /// When a token is there; `now` where one is.
  [[nodiscard]] std::int64_t next_at(std::int64_t now);

  /// The vendor refused a call for its limit. `left_at`: when that call left. `asked_ms`: how long
  /// the vendor asked to wait; 0: it did not say.
  void limited(std::int64_t left_at, std::int64_t now, std::int64_t asked_ms);
  /// The vendor took a call that left then.
  void taken(std::int64_t left_at);

  [[nodiscard]] const rate_limit* known() const { return known_ ? &known_->limit() : nullptr; }
  /// It knows nothing that one that begins now would not know too, but for tokens, of which that
  /// has none: forgetting it lets nothing leave too early.
  [[nodiscard]] bool is_forgettable(std::int64_t now);
  /// 0: not held.
  [[nodiscard]] std::int64_t held_ms(std::int64_t now) const {
    return held_until_ > now ? held_until_ - now : 0;
  }
  /// Calls in 1,000 s that it allows for now; nothing: none shown by refusals.
  [[nodiscard]] std::optional<std::int64_t> learned_rate() const {
    return rate_ > 0 ? std::optional(rate_) : std::nullopt;
  }
  /// Tokens there now; nothing: without a limit.
  [[nodiscard]] std::optional<std::int64_t> tokens(std::int64_t now);
  /// `25 a second`, `12.5 a second for now`, `none`: for people.
  [[nodiscard]] std::string shown() const;

private:
  void count(std::int64_t now);
  void grow(std::int64_t now);
  void refill(std::int64_t now);
  [[nodiscard]] bool has_learned_token() const;

  std::optional<token_bucket> known_;
  std::int64_t held_until_ = 0;
  std::int64_t cut_at_ = -1; ///< When the last refusal counted.
  int refused_in_row_ = 0;
  std::int64_t refused_share_ = 0; ///< Of the calls answered lately, in millionths.

  // What refusals showed. Calls in 1,000 s; 0: nothing.
  std::int64_t rate_ = 0;
  std::int64_t peak_ = 0;   ///< What it went at when it was refused.
  std::int64_t credit_ = 0; ///< A call is a million.
  std::int64_t credit_at_ = 0;
  std::int64_t grown_at_ = 0;
  std::int64_t used_ = 0; ///< Since then.

  // What left in this second and in the one before it that had any.
  std::int64_t second_ = 0, count_ = 0, count_before_ = 0;
};

} // namespace orderhub::providers
