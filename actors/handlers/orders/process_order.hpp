#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>

namespace orderhub::handlers {

/// `OrderOrchestrator/{order}/ProcessOrder`, exclusive: an order from its request to its
/// confirmation, or as far as it comes. `body` is an encoded `order`. Sent again it goes on where
/// the order waits for someone, or says where it stands; with other content it takes that as far as
/// it still can. 409 where it cannot, and where the order was cancelled.
durable::handler_task process_order(durable::context ctx, std::string body, settings_ptr settings);

/// The rest of it, for an order whose payment was decided on after its caller was answered: asks
/// how the payment stands, and where it is money ships and confirms the order. Needs `look_again`
/// before.
durable::task<void> carry_on(order_run run);

} // namespace orderhub::handlers
