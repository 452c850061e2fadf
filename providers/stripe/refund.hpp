#pragma once
#include "journal/base/money.hpp"
#include "providers/stripe/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::stripe {

struct refund_request {
  step_ref ref;                  ///< A refund of the rest is a new attempt.
  std::string payment_intent_id; ///< `pi_…`
  /// In the payment's currency, since Stripe takes no other; 0: all that is left. Give it where it
  /// is known: a look-up can then tell by sum what refunds that others made already cover.
  money amount;
};

struct refund_outcome {
  /// Where others' refunds stand for ours, the newest of theirs; empty where they stand on an
  /// earlier page of more than a hundred.
  std::string refund_id;
  /// `succeeded`, `pending` or `requires_action`; it may fail later (webhook). `partial`: others'
  /// refunds cover a part, and ours cannot be made in whole any more.
  std::string status;
  /// What this refund, or what stands for it, gives back of the wanted amount, minor units.
  std::int64_t refunded_minor = 0;
  /// What can still be given back of it: to be refunded by a new attempt. 0 but for `partial`.
  std::int64_t left_minor = 0;
  /// A look-up has proven further refunds of this very attempt: money that was given back twice,
  /// and that no call brings back. Almost always empty.
  std::vector<std::string> extra_ids = {};

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<refund_outcome> decode(std::string_view json);
  friend bool operator==(const refund_outcome&, const refund_outcome&) = default;
};

/// Gives a payment back. `rejected`: the refund failed or was canceled, or the payment is disputed.
/// `done_before`: other refunds stand (`charge_already_refunded`, more than is left unrefunded), or
/// our key was used with other parameters.
///
/// The look-up first takes the refund with our metadata; one over another amount is `differs`.
/// Without one, the refunds that others made count as far as they leave too little for ours:
/// covered in whole, or in part (`partial`). A pending refund stands, a failed or canceled one does
/// not. Its evidence says which.
operation<refund_outcome> refund(const refund_request& request);

} // namespace orderhub::providers::stripe
