#pragma once
#include "providers/inventory/reservation.hpp"

namespace orderhub::providers::inventory {

/// What is held, or was sold and has not left, is free again. The outcome is `released`, also where
/// there is nothing to release. `rejected`: the goods have left (`too_late`).
operation<stock_outcome> release(const step_ref& ref);

} // namespace orderhub::providers::inventory
