#pragma once
#include "providers/stripe/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::stripe {

/// How a refund stands at its bank. docs.stripe.com/refunds, "Refund statuses": `pending` and
/// `requires_action` are not final; `succeeded`, `failed` and `canceled` are. (A `succeeded` one
/// may still fail, which only an event tells.)
enum class refund_stand : std::uint8_t {
  given_back = 1, ///< `succeeded`
  on_its_way = 2, ///< `pending`, `requires_action`
  refused = 3,    ///< `failed`, `canceled`
};
/// Nothing for a text that is no status of a refund.
std::optional<refund_stand> refund_stand_of(std::string_view status);

struct retrieve_refund_request {
  step_ref ref;
  std::string refund_id; ///< `re_…`
};

/// A refund as of now.
struct refund_state {
  std::string refund_id;
  std::string status;      ///< One that `refund_stand_of` knows.
  std::int64_t amount = 0; ///< Minor units.
  /// Of a failed one, Stripe's code (`expired_or_canceled_card`); else empty.
  std::string failure_reason;

  [[nodiscard]] refund_stand stand() const {
    return refund_stand_of(status).value_or(refund_stand::on_its_way);
  }
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<refund_state> decode(std::string_view json);
  friend bool operator==(const refund_state&, const refund_state&) = default;
};

/// Reads a refund. Repeating it changes nothing; `unavailable` on every passing failure, and for a
/// success that is no refund.
operation<refund_state> retrieve_refund(const retrieve_refund_request& request);

} // namespace orderhub::providers::stripe
