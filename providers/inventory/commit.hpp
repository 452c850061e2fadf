#pragma once
#include "providers/inventory/reservation.hpp"

namespace orderhub::providers::inventory {

/// What is held is sold. The outcome is `committed`; `not_held` or `out_of_stock` where it lapsed
/// and the stock has gone elsewhere since.
operation<stock_outcome> commit(const step_ref& ref);

} // namespace orderhub::providers::inventory
