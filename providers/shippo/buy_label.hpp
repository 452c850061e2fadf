#pragma once
#include "providers/shippo/wire.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::shippo {

struct label_request {
  step_ref ref;
  std::string rate_id; ///< Of one shipment of this order; stored before it is bought.
};

inline constexpr std::size_t extra_labels_max = 20;

struct label_outcome {
  std::string transaction_id;
  std::string tracking_number; ///< Empty with the few services that have none.
  std::string label_url;       ///< A signed link that expires.
  std::string tracking_url;
  /// What else a look-up has proven of this very attempt: labels that stand beside this one, by
  /// their transactions. Almost always empty; at most `extra_labels_max`.
  std::vector<std::string> extra_ids = {};

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<label_outcome> decode(std::string_view json);
  friend bool operator==(const label_outcome&, const label_outcome&) = default;
};

/// Buys one label, waiting for the carrier. Shippo has no idempotency key and buying a rate twice
/// makes two labels; what proves a purchase is the list of transactions of this rate.
///
/// `rejected`: the carrier refused (address, funds, rate expired); a new shipment is needed.
/// `done_before`: it says that the rate was bought. `in_doubt`: also a 201 in which the carrier did
/// not answer, or is not done. The look-up's `refused`: there is a label for this rate, and it was
/// given back already. Of several labels for this rate one that we bought is the outcome, others
/// that we bought are extra; what somebody else bought is told in the evidence, and left alone.
operation<label_outcome> buy_label(const label_request& request);

} // namespace orderhub::providers::shippo
