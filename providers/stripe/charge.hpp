#pragma once
#include "journal/base/money.hpp"
#include "providers/stripe/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::stripe {

struct charge_request {
  step_ref ref; ///< A new logical attempt has a new idempotency key.
  money amount; ///< Positive, as `providers/tables/currencies.hpp` allows; sent in lower case.
  std::string payment_method; ///< `pm_…`
  std::string customer;       ///< `cus_…`; empty: none.
};

/// A payment that was made twice, by its id.
struct extra_payment {
  std::string payment_intent_id;
  payment_status status = payment_status::processing;

  friend bool operator==(const extra_payment&, const extra_payment&) = default;
};

/// Where the payment stands. Only `succeeded` is money; `requires_action` waits for the customer's
/// bank page, `processing` for a webhook. A decline is no outcome but the error `rejected`.
struct charge_outcome {
  std::string payment_intent_id;
  payment_status status = payment_status::processing;
  std::string charge_id;            ///< Empty before there is one.
  std::int64_t amount_received = 0; ///< Minor units.
  std::string decline_code;         ///< Of an earlier failed try of the same intent; mostly empty.
  /// What else a look-up has proven of this very attempt: payments that stand beside this one, and
  /// that nobody asked for. Almost always empty; at most `extra_max`.
  std::vector<extra_payment> extra = {};

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<charge_outcome> decode(std::string_view json);
  friend bool operator==(const charge_outcome&, const charge_outcome&) = default;
};

/// Creates and confirms a PaymentIntent in one call, the customer present: without `off_session`
/// Stripe answers `requires_action` where a bank wants 3-D Secure, instead of declining. Only
/// cards, so no return_url is needed.
///
/// `rejected`: declined, the message is Stripe's code and decline code. `invalid`: our request is
/// wrong. `done_before`: our key was used with other parameters, so a charge may stand under it.
/// Doubt: same key, and past its life or where Stripe keeps the failure under the key, a look-up in
/// the list of intents since the first request, by metadata, amount and currency; the card may be
/// another. One of ours over another amount that is or may become money is `differs`. Several of
/// ours over the whole amount: one that is money is the outcome, the others are `extra`.
operation<charge_outcome> charge(const charge_request& request);

} // namespace orderhub::providers::stripe
