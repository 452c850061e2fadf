#pragma once
#include "providers/inventory/reservation.hpp"

#include <vector>

namespace orderhub::providers::inventory {

struct reserve_request {
  step_ref ref; ///< A new attempt, after a refusal or a release, has a new key.
  std::vector<contracts::item_line> items; ///< 1 to 1,000.
};

/// Holds all of it for the order, or nothing. The outcome is `held` (`committed` where it was sold
/// before, under the same reference), or `out_of_stock` with the lines. `rejected`: the reference
/// stands for something else there.
operation<stock_outcome> reserve(const reserve_request& request);

} // namespace orderhub::providers::inventory
