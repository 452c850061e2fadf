#pragma once
#include "providers/stripe/wire.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::stripe {

/// Stripe takes no metadata here; the intent's id says what is cancelled.
struct cancel_intent_request {
  step_ref ref;
  std::string payment_intent_id; ///< `pi_…`
};

struct cancel_intent_outcome {
  std::string payment_intent_id;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<cancel_intent_outcome> decode(std::string_view json);
  friend bool operator==(const cancel_intent_outcome&, const cancel_intent_outcome&) = default;
};

/// Ends an intent that waits for its customer, so that it can never become money. An intent that is
/// canceled already is success. `rejected`, with the status as message: it went on in the meantime;
/// `succeeded` needs a refund instead. `done_before`: refused for its state, without showing it, or
/// our key was used with other parameters. The look-up reads the intent itself.
operation<cancel_intent_outcome> cancel_intent(const cancel_intent_request& request);

} // namespace orderhub::providers::stripe
