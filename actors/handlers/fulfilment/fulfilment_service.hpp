#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

namespace orderhub::handlers {

/// `FulfillmentOrchestrator/{fulfilment}`: Fulfill, GetStatus, CancelFulfillment, and the internal
/// CompensateFulfilment, StopFulfilment, FollowTicket, FollowPickup, RecordEvent and
/// RecordDeliveries.
durable::service_definition fulfilment_service(settings_ptr settings);

} // namespace orderhub::handlers
