#include "providers/policy/class_limiter.hpp"

#include "providers/policy/wait_hint.hpp"

#include <algorithm>

namespace orderhub::providers {

namespace {

constexpr std::int64_t second_ms = 1'000;
/// One call, in what a millisecond at one call in 1,000 s brings.
constexpr std::int64_t call = 1'000'000;
constexpr std::int64_t one_a_second = 1'000;
/// The least that refusals bring a class to, or a quarter of a known limit where that is less: what
/// a vendor limits below that is kept to by the holds.
constexpr std::int64_t rate_min = 2'000;
/// Shares of lately answered calls, in millionths.
constexpr std::int64_t whole = 1'000'000;
constexpr std::int64_t few = whole / 6;
constexpr std::int64_t answers_lately = 32;
constexpr std::int64_t rate_max = 1'000'000'000;
/// So much of a second's calls may leave at once.
constexpr std::int64_t burst_ms = 200;
constexpr std::int64_t unasked_hold_ms = 1'000;
constexpr std::int64_t unasked_hold_max_ms = 60'000;
constexpr std::int64_t forgotten_ms = 600'000;
constexpr std::int64_t steps_to_peak = 40;

std::int64_t rate_of(const rate_limit& limit) {
  return std::max<std::int64_t>(limit.count * call / limit.per_ms, 1);
}

std::int64_t most(std::int64_t rate) {
  return std::max(call, rate * burst_ms);
}

} // namespace

void class_limiter::count(std::int64_t now) {
  const auto second = now / second_ms;
  if (second != second_) {
    count_before_ = second == second_ + 1 ? count_ : 0;
    count_ = 0;
    second_ = second;
  }
  ++count_;
}

/// While what it may is used, it may more each second; not for having been idle.
void class_limiter::grow(std::int64_t now) {
  if (now - cut_at_ >= forgotten_ms) {
    rate_ = refused_share_ = 0;
    return;
  }
  const auto seconds = (now - grown_at_) / second_ms;
  if (seconds <= 0)
    return;
  if (used_ * 2 * one_a_second >= rate_ * seconds)
    for (std::int64_t i = 0; i < seconds && rate_ < rate_max; ++i)
      rate_ += std::max<std::int64_t>(rate_ < peak_ ? peak_ / steps_to_peak : rate_ / 10, 1);
  grown_at_ += seconds * second_ms;
  used_ = 0;
  if (rate_ >= rate_max || (known_ && rate_ >= rate_of(known_->limit())))
    rate_ = refused_share_ = 0;
}

void class_limiter::refill(std::int64_t now) {
  grow(now);
  if (rate_ == 0)
    return;
  const auto passed = std::clamp<std::int64_t>(now - credit_at_, 0, most(rate_));
  credit_ = std::min(most(rate_), credit_ + passed * rate_);
  credit_at_ = std::max(credit_at_, now);
}

bool class_limiter::has_learned_token() const {
  return rate_ == 0 || credit_ >= call;
}

bool class_limiter::has_token(std::int64_t now) {
  if (held_until_ > now)
    return false;
  if (rate_ > 0)
    refill(now);
  return has_learned_token() && (!known_ || known_->has_token(now));
}

bool class_limiter::take(std::int64_t now) {
  if (!has_token(now))
    return false;
  if (known_)
    known_->take(now);
  if (rate_ > 0) {
    credit_ -= call;
    ++used_;
  }
  count(now);
  return true;
}

void class_limiter::give_back(std::int64_t now) {
  if (known_)
    known_->give_back(now);
  if (rate_ > 0) {
    refill(now);
    credit_ = std::min(most(rate_), credit_ + call);
    used_ = std::max<std::int64_t>(used_ - 1, 0);
  }
  if (now / second_ms == second_)
    count_ = std::max<std::int64_t>(count_ - 1, 0);
}

std::int64_t class_limiter::next_at(std::int64_t now) {
  auto next = std::max(now, held_until_);
  if (rate_ > 0) {
    refill(now);
    if (!has_learned_token())
      next = std::max(next, credit_at_ + (call - credit_ + rate_ - 1) / rate_);
  }
  return known_ ? std::max(next, known_->next_at(now)) : next;
}

bool class_limiter::is_forgettable(std::int64_t now) {
  if (held_until_ > now)
    return false;
  if (rate_ > 0)
    refill(now);
  return rate_ == 0;
}

std::optional<std::int64_t> class_limiter::tokens(std::int64_t now) {
  if (held_until_ > now)
    return 0;
  if (rate_ > 0)
    refill(now);
  std::optional<std::int64_t> there;
  if (known_)
    there = known_->tokens(now);
  if (rate_ > 0)
    there = std::min(there.value_or(credit_ / call), credit_ / call);
  return there;
}

void class_limiter::taken(std::int64_t left_at) {
  if (left_at > cut_at_)
    refused_in_row_ = 0;
  refused_share_ -= refused_share_ / answers_lately;
}

void class_limiter::limited(std::int64_t left_at, std::int64_t now, std::int64_t asked_ms) {
  const auto asked = std::clamp<std::int64_t>(asked_ms, 0, wait_hint_max_ms);
  refused_share_ += (whole - refused_share_) / answers_lately;
  if (left_at <= cut_at_) {
    if (asked > 0)
      held_until_ = std::max(held_until_, now + asked);
    return;
  }
  refused_in_row_ = std::min(refused_in_row_ + 1, 16);
  const auto unasked = known_ ? known_->limit().per_ms
                              : std::min(unasked_hold_ms << (refused_in_row_ - 1), //
                                         unasked_hold_max_ms);
  held_until_ = std::max(held_until_, now + (asked > 0 ? asked : unasked));

  const auto before = rate_ > 0 ? rate_ : known_ ? rate_of(known_->limit()) : rate_max;
  const auto second = now / second_ms;
  const auto lately = second == second_       ? std::max(count_, count_before_)
                      : second == second_ + 1 ? count_
                                              : 0;
  // What a paced class did in this second says little: it was held for a part of it. Where few of
  // its calls are refused it is about at the limit, or they are refused for something else.
  peak_ = rate_ > 0 ? before : std::min(before, std::max<std::int64_t>(lately, 1) * one_a_second);
  const bool is_near = rate_ > 0 && refused_share_ < few;
  const auto least = known_ ? std::min(rate_of(known_->limit()) / 4, rate_min) : rate_min;
  rate_ = std::max({is_near ? peak_ - peak_ / 8 : peak_ / 2, least, std::int64_t{1}});
  cut_at_ = now;
  credit_ = 0;
  credit_at_ = grown_at_ = held_until_;
  used_ = 0;
}

std::string class_limiter::shown() const {
  if (rate_ > 0) {
    auto text = std::to_string(rate_ / one_a_second);
    if (const auto tenth = rate_ % one_a_second / 100; tenth > 0)
      text += '.' + std::to_string(tenth);
    return text + " a second for now";
  }
  return known_ ? providers::shown(known_->limit()) : "none";
}

} // namespace orderhub::providers
