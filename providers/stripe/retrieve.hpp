#pragma once
#include "journal/base/secret.hpp"
#include "providers/stripe/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::stripe {

/// A PaymentIntent as of now.
struct intent_state {
  std::string payment_intent_id;
  payment_status status = payment_status::processing;
  std::int64_t amount = 0;          ///< Minor units.
  std::int64_t amount_received = 0; ///< Minor units.
  std::string currency;
  std::string charge_id;
  std::string decline_code; ///< Of the last failed try.
  /// What the customer's browser needs for `requires_action`. Only `read_intent_state` fills it:
  /// it is in no encoding, so it reaches no journal.
  secret client_secret;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<intent_state> decode(std::string_view json);
};

struct retrieve_request {
  step_ref ref;                  ///< Empty where what it finds is handed on and not journaled.
  std::string payment_intent_id; ///< `pi_…`
};

/// Reads an intent. Repeating it changes nothing; `unavailable` on every passing failure.
operation<intent_state> retrieve(const retrieve_request& request);

/// The same answer with its client secret, for a caller that hands it on and journals nothing.
result<intent_state> read_intent_state(const http_response& response);

} // namespace orderhub::providers::stripe
