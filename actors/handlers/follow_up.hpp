#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/durable/wait_cause.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// A vendor's answer that is not final is asked for again: each time by an invocation of its own
/// that asks once and begins the next one after a pause, so no journal grows. This is the body of
/// such an invocation, and says all that GetOrder shows of the wait.
struct follow_up {
  std::string step;          ///< As GetOrder names it: `payment`, `refund`, `tracking`.
  std::string subject;       ///< The vendor's id of what is followed.
  std::uint32_t attempt = 1; ///< The payment attempt it belongs to.
  std::uint32_t polls = 0;   ///< How often it was asked for.
  unix_ms since = 0;         ///< When it was first not final; journal time.
  std::string last;          ///< The vendor's word for how it stands: `processing`.
  // Of a refund:
  std::uint32_t round = 0; ///< Which one of the payment it is, from 0.
  std::string named;       ///< The name that a caller gave it; empty of a cancel's.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<follow_up> decode(std::string_view bytes);
};

/// A handler that follows something, as GetOrder shows it while it waits.
struct follower {
  std::string_view handler;
  std::string_view vendor;
  durable::wait_cause cause;
  std::int64_t pause_max_ms = 3'600'000;
};
inline constexpr follower payment_follower{"FollowPayment", "stripe", durable::wait_cause::bank};
inline constexpr follower refund_follower{"FollowRefund", "stripe", durable::wait_cause::refund};
inline constexpr follower tracking_follower{"FollowTracking", "shippo",
                                            durable::wait_cause::tracking};
inline constexpr follower sms_follower{"FollowSms", "twilio", durable::wait_cause::delivery};
/// Of what a warehouse or a carrier does within days.
inline constexpr follower ticket_follower{"FollowTicket", "warehouse", durable::wait_cause::packing,
                                          600'000};
inline constexpr follower pickup_follower{"FollowPickup", "carrier", durable::wait_cause::pickup,
                                          600'000};
/// Of a deployment whose end is awaited for minutes.
inline constexpr follower deployment_follower{"FollowDeployment", "github",
                                              durable::wait_cause::running, 30'000};

/// Before the next poll: 2 s, 4 s, 8 s … the most, an hour.
std::int64_t poll_pause_ms(std::uint32_t polls, std::int64_t max_ms = 3'600'000);

/// Begins the next poll of this object after its pause, and has the wait on the board.
durable::task<void> ask_later(durable::context ctx, settings_ptr settings, follower by,
                              follow_up what);
/// It is final, or does not matter any more: off the board.
durable::task<void> ask_no_more(durable::context ctx, settings_ptr settings, follow_up what);

} // namespace orderhub::handlers
