#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::sendgrid {

struct mail_request {
  step_ref ref;
  std::string from_email;
  std::string from_name; ///< Empty: none.
  std::string to_email;
  std::string to_name; ///< Empty: none.
  std::string subject; ///< SendGrid wants at least one character.
  std::string text;    ///< Empty: no such part. One of both is needed.
  std::string html;    ///< Likewise.
};

struct mail_outcome {
  /// First part of `sg_message_id` in the mail's events; empty where the answer named none.
  std::string message_id;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<mail_outcome> decode(std::string_view json);
  friend bool operator==(const mail_outcome&, const mail_outcome&) = default;
};

/// Queues one mail; success means accepted, not delivered. There is no idempotency key and no proof
/// of a lost send, so it may be repeated. What it was sent for travels as `custom_args` and comes
/// back in the mail's events: `hub`, `order_id`, `step`, `step_attempt` (an event has an `attempt`
/// of its own) and `generation`.
operation<mail_outcome> send_mail(const mail_request& request);

/// Whether a failure of `send_mail` is the mail's own: its addressee, subject or content, which any
/// other provider would refuse too. Not the sender, the account, or what names no field.
bool is_fault_of_mail(const error& why);

} // namespace orderhub::providers::sendgrid
