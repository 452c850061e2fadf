#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <memory>

namespace orderhub::handlers {

/// `OrderOrchestrator/{order}`: ProcessOrder, GetOrder, CancelOrder, and the internal
/// CompensateOrder, RecordLabel and RecordDeliveries.
durable::service_definition order_service(std::shared_ptr<const order_settings> settings);

} // namespace orderhub::handlers
