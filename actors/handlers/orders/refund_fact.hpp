#pragma once
#include "journal/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// How a refund that a caller asked for stands. The numbers are on disk: appended, never reused.
/// It grows in this order only: what was given back can still fail at the customer's bank.
enum class refund_state : std::uint8_t {
  asked = 1,    ///< On record before Stripe is asked: it may be made from here on.
  refused = 2,  ///< Definitely not made.
  accepted = 3, ///< Stripe has taken it, the bank has not made it yet.
  made = 4,     ///< Given back.
  failed = 5,   ///< The bank could not make it: the money is the shop's again.
};

/// A refund under the name that its caller gave it (RefundOrder's `refundId`).
struct refund_fact {
  std::uint32_t number = 0;  ///< Of the order's, from 1, as they were asked for.
  std::uint32_t attempt = 1; ///< Whose payment it gives back.
  refund_state state = refund_state::asked;
  std::int64_t amount = 0; ///< Minor units of the order's currency.
  std::string reason;      ///< The caller's, for the shop.
  std::string refund_id;   ///< Stripe's, `re_…`.
  std::string why;         ///< Of `refused` and `failed`.

  friend bool operator==(const refund_fact&, const refund_fact&) = default;

  /// Given back, or it may be: in doubt it counts as made.
  [[nodiscard]] bool stands() const {
    return state != refund_state::refused && state != refund_state::failed;
  }
};

/// A refund that a cancel asked for, of what callers' left.
struct cancel_refund {
  refund_state state = refund_state::asked; ///< `asked`: nobody could say whether it was made.
  std::int64_t amount = 0;                  ///< Minor units of the payment's currency.

  friend bool operator==(const cancel_refund&, const cancel_refund&) = default;
};
/// Of one payment, by their rounds: each has a key of its own.
using cancel_refunds = std::map<std::uint32_t, cancel_refund>;

/// By the caller's name.
using refund_facts = std::map<std::string, refund_fact, std::less<>>;
/// Of one order; more are refused.
inline constexpr std::size_t refunds_max = 100;

void put(byte_writer& w, const refund_facts& refunds);
refund_facts get_refunds(byte_reader& r);
/// Of each what is further.
refund_facts merge(const refund_facts& a, const refund_facts& b);

void put(byte_writer& w, const cancel_refunds& rounds);
cancel_refunds get_cancel_refunds(byte_reader& r);
/// Of each what is further.
cancel_refunds merge(const cancel_refunds& a, const cancel_refunds& b);
/// What they give back, or are about to. One that is only `asked` is asked for again.
std::int64_t standing_sum(const cancel_refunds& rounds);

/// What those of a payment give back, or may.
std::int64_t standing_sum(const refund_facts& refunds, std::uint32_t attempt);

/// One of that payment is not decided yet.
bool is_refund_open(const refund_facts& refunds, std::uint32_t attempt);

/// The step of one as GetOrder names it: `refund_order.1`.
std::string step_of(const refund_fact& refund);
/// The one of that step; null where the step is none of theirs.
const refund_fact* refund_of(const refund_facts& refunds, std::string_view step);
/// Another one that was asked for later stands.
bool is_followed_by_another(const refund_facts& refunds, const refund_fact& refund);

std::string_view name_of(refund_state state);

} // namespace orderhub::handlers
