#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace orderhub::providers::twilio {

struct sms_request {
  step_ref ref;
  std::string to;   ///< E.164, `+15558675310`.
  std::string from; ///< E.164, a sender's name, or a messaging service (`MG…`).
  /// UTF-8, at most `sms_characters_max` characters; what is longer is cut. Names the order: a
  /// look-up knows the message by its text.
  std::string text;
  /// Where the hub is reached, `https://hub.example.com`; empty: nothing is called back.
  std::string public_url;
};

/// Above it Twilio answers 21617.
inline constexpr std::size_t sms_characters_max = 1'600;

struct sms_outcome {
  std::string sid;    ///< `SM…`
  std::string status; ///< `queued`, `accepted`, …

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<sms_outcome> decode(std::string_view json);
  friend bool operator==(const sms_outcome&, const sms_outcome&) = default;
};

/// Sends one SMS; success means accepted, not delivered. Twilio has no idempotency key and no
/// metadata for messages; what proves a send is the list of messages to this number with this text
/// since the call. What it was sent for stands in the query of its status callback, which is signed
/// (`hub`, `order_id`, `step`, `attempt`).
///
/// `invalid`: refused for good, the message ends in Twilio's code: 21211 and 21614 (no such
/// number), 21610 (opted out), 21408 (country), 21612, 21617 (too long), … `unavailable`: 429, and
/// 21611 (the sender's queue is full). `misconfigured`: 401, 403, 404. `rejected`: accepted and
/// failed at once. The look-up's `refused`: it is there and has failed, with the code (30007,
/// 30003, …).
operation<sms_outcome> send_sms(const sms_request& request);

/// Whether a failure of `send_sms` is the SMS's own, by its code: its number or its text, or that
/// who has it wants none. Any other provider would refuse it too, or must not send it. Not sender,
/// country, route or account.
bool is_fault_of_sms(const error& why);

} // namespace orderhub::providers::twilio
