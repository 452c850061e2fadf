#pragma once
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/wire.hpp"

#include <string>

namespace orderhub::providers::shippo {

struct retrieve_label_request {
  step_ref ref;
  std::string transaction_id;
};

/// Reads one transaction that is a label, as of now: some carriers give the tracking number after
/// the label (`tracking_number` null or empty until then). `GET /transactions/{id}`, under the
/// limit of single objects and not under that of lists (docs.goshippo.com,
/// API_Concepts/RateLimits).
///
/// Repeating it changes nothing. `rejected`: there is no such label any more (`REFUNDED`,
/// `REFUNDPENDING`, `ERROR`). `unavailable`: every passing failure, a transaction that is not
/// decided, and a success that is no transaction.
operation<label_outcome> retrieve_label(const retrieve_label_request& request);

} // namespace orderhub::providers::shippo
