#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

namespace orderhub::handlers {

/// `OrderOrchestrator/{order}`: ProcessOrder, GetOrder, CancelOrder, and the internal
/// CompensateOrder, FreeGoods, RecordEvent, RecordLabel, RecordDeliveries, ClaimFulfilment,
/// ReleaseFulfilment, RecordFulfilment and RecordPickup.
durable::service_definition order_service(settings_ptr settings);

} // namespace orderhub::handlers
