#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/fulfilment/fulfilment_run.hpp"

namespace orderhub::handlers {

/// The parcel has left: the order is in transit, and customer and shop are told, once, where the
/// order has not told them itself (`parcel_left.hpp`). What becomes of that is waited for as long
/// as an order waits for its notices; past that the notification tells it (`RecordDeliveries`). The
/// second time it does nothing.
durable::task<void> tell_shipped(fulfilment_run run);

} // namespace orderhub::handlers
