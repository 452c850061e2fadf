#pragma once
#include "journal/base/secret.hpp"

#include <cstdint>
#include <optional>

namespace orderhub::providers {

/// One client's token over a passed clock: when it is used, when a new one is asked for, and by
/// how many. Single-threaded; holds no clock and makes no call.
///
/// A token is renewed before it dies: in the last fifth of its life, at most its last minute, the
/// first call that comes asks for the next one and still shows this one. Only one is asked for at a
/// time, whoever waits.
class token_cache {
public:
  /// The part of a life in which it is renewed.
  static constexpr std::int64_t early_part = 5;
  static constexpr std::int64_t early_max_ms = 60'000;
  /// One is shown no later than this before it dies: the call takes its time to arrive.
  static constexpr std::int64_t margin_ms = 1'000;
  static constexpr std::int64_t retry_ms = 2'000;

  struct advice {
    /// To be shown; null: there is none, so the call waits for the one that is asked for.
    const secret* token = nullptr;
    std::uint64_t number = 0; ///< Of that token.
    bool ask = false;         ///< Ask for the next one now; `given` or `failed` must follow.
  };
  [[nodiscard]] advice next(std::int64_t now);
  /// One was asked for at `asked_at` and is good for `life_ms` from then on. Its number.
  std::uint64_t given(secret token, std::int64_t asked_at, std::int64_t life_ms);
  /// None was given. While the one that there is still lives, the next one is asked for after
  /// `retry_ms`.
  void failed(std::int64_t now);
  /// That one was refused (401), before its time: it is not shown again.
  void refused(std::uint64_t number);

private:
  std::optional<secret> token_;
  std::uint64_t number_ = 0;
  std::int64_t renew_at_ = 0, dies_at_ = 0;
  bool is_asking_ = false;
};

} // namespace orderhub::providers
