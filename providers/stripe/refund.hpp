#pragma once
#include "providers/stripe/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::stripe {

struct refund_request {
  std::string order_id;
  std::string step;
  std::string payment_intent_id; ///< `pi_…`
  /// Minor units; 0: all that is left. Give it where it is known: a look-up can then tell by sum
  /// whether refunds that others made already cover it.
  std::int64_t amount_minor = 0;
  std::string attempt = "1";
};

struct refund_outcome {
  std::string refund_id;
  std::string status; ///< `succeeded`, `pending` or `requires_action`; it may fail later (webhook).

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<refund_outcome> decode(std::string_view json);
  friend bool operator==(const refund_outcome&, const refund_outcome&) = default;
};

/// Gives a payment back. `rejected`: the refund failed or was canceled. `charge_already_refunded`
/// is no failure but doubt that reading the refunds settles: it may be our own success.
///
/// The look-up first takes the refund with our metadata; without one, refunds that cover the amount
/// whoever made them (never those of another step of ours). Its evidence says which.
operation<refund_outcome> refund(const refund_request& request);

} // namespace orderhub::providers::stripe
