#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

struct read_refund_request {
  step_ref ref;
  std::string transaction_id; ///< Of the label that was given back.
};

/// What became of a label that was given back, as the webhook `transaction_updated` about the same
/// would say it: with the same id, so that what is asked for and what is told is one event. Whose
/// label it is whoever asks knows: `about` is empty.
struct refund_state {
  webhooks::event what; ///< `label_refunded`, `label_refund_failed`; any other kind: not decided.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<refund_state> decode(std::string_view json);
};

/// `GET /transactions/{id}`: REFUNDPENDING, REFUNDED or REFUNDREJECTED. The refund itself is not
/// asked for, since its id is not known where a look-up has found it. Only reads; given up after
/// ten minutes.
///
/// `rejected`: Shippo does not know the label. `invalid`: or this key may not read it. Only a 401
/// is `misconfigured`: what else forbids this forbids no other call.
operation<refund_state> read_refund(const read_refund_request& request);

} // namespace orderhub::providers::shippo
