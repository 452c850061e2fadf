#pragma once
#include "providers/shippo/wire.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

/// Shippo takes no metadata here; the transaction's id says what is given back.
struct void_request {
  step_ref ref;
  std::string transaction_id;
};

struct void_outcome {
  std::string refund_id; ///< Empty where a look-up found it: the transaction does not name it.
  std::string status;    ///< `QUEUED`, `PENDING` or `SUCCESS`.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<void_outcome> decode(std::string_view json);
  friend bool operator==(const void_outcome&, const void_outcome&) = default;
};

/// Gives a label back. `rejected`: the carrier refused. `done_before`: a refusal that says it was
/// given back before; the look-up reads the transaction's status, which proves it.
operation<void_outcome> void_label(const void_request& request);

} // namespace orderhub::providers::shippo
