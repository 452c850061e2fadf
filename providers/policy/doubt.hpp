#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers {

/// What is done where a call may or may not have taken effect. The numbers reach the disk.
enum class doubt_policy : std::uint8_t {
  replay_key = 1,  ///< Send the same bytes with the same idempotency key; past its life, look up.
  lookup = 2,      ///< Ask by our own reference; repeat only what is proven absent.
  await_event = 3, ///< Wait for a verified event as evidence; past `event_wait_ms`, `after_event`.
  may_miss = 4,    ///< Do not repeat; report it.
  may_repeat = 5,  ///< Repeat; a duplicate is tolerable.
};
/// As settings have it: `replay_key`, `look_up`, `await_event`, `may_miss`, `may_repeat`.
std::string_view name_of(doubt_policy policy);

/// What happens twice where a call with that at stake is made twice.
enum class stake : std::uint8_t {
  none,  ///< Nothing that could not be borne: a mail, a message.
  money, ///< A payment is taken, given back or cancelled.
  label, ///< A label is bought or voided.
  stock, ///< Stock is reserved, or a reservation ended.
};

/// An operation that acts, as its vendor's folder describes it: what it may do in doubt, and what
/// it does where the configuration says nothing. The one place that refusals at start, documents
/// and tests follow.
struct operation_row {
  std::string_view name; ///< `stripe.charge`
  std::string_view help; ///< For people: `takes a payment`.
  stake at_stake = stake::none;
  doubt_policy doubt = doubt_policy::may_miss; ///< Its own.
  bool has_lookup = false;
  /// How long the vendor promises to know a key; 0: it has none.
  std::int64_t vendor_key_life_ms = 0;
  std::int64_t key_life_ms = 0; ///< How long one is used.
  std::int64_t absence_after_ms = 0;
};

/// A policy as the configuration gives it to one operation, in words:
///
///     replay_key [KEY LIFE] [then look_up [ABSENCE TIME]]
///     look_up [ABSENCE TIME]
///     await_event WAIT then POLICY          (any of the others)
///     may_repeat
///     may_miss
struct doubt_choice {
  doubt_policy policy = doubt_policy::may_miss;
  std::int64_t event_wait_ms = 0;                    ///< Of `await_event`.
  doubt_policy after_event = doubt_policy::may_miss; ///< The policy behind it.
  std::optional<std::int64_t> key_life_ms = {};      ///< None: the operation's own.
  std::optional<std::int64_t> absence_after_ms = {}; ///< Likewise.

  /// Whether the policy itself, or the one behind `await_event`.
  [[nodiscard]] bool uses(doubt_policy what) const {
    return policy == what || (policy == doubt_policy::await_event && after_event == what);
  }
  friend bool operator==(const doubt_choice&, const doubt_choice&) = default;
};

/// Fails with `invalid` and a reason that begins with `must`.
result<doubt_choice> parse_doubt(std::string_view text);
/// The words that give it: `replay_key 20h then look_up 60s`.
std::string shown(const doubt_choice& choice);
/// The operation's own policy.
doubt_choice own_doubt(const operation_row& row);

/// The policies that it may be given.
std::vector<doubt_policy> allowed_policies(const operation_row& row);

/// Fails with `invalid`, the reason beginning with `must`, where that operation may not be given
/// that policy: `may_repeat` of what must not happen twice, `look_up` where it has none,
/// `replay_key` where its vendor knows no key or forgets it sooner.
result<void> check_doubt(const operation_row& row, const doubt_choice& choice);

} // namespace orderhub::providers
