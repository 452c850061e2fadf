#pragma once
#include "actors/durable/context.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>

namespace orderhub::handlers {

/// `OrderOrchestrator/{order}/ProcessOrder`, exclusive: an order from its request to its
/// confirmation, or as far as it comes. `body` is an encoded `order`. Sent again it goes on where
/// the order waits for someone, or says where it stands; with other content it takes that as far as
/// it still can. 409 where it cannot, and where the order was cancelled.
durable::handler_task process_order(durable::context ctx, std::string body, settings_ptr settings);

} // namespace orderhub::handlers
