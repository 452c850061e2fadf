#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>

namespace orderhub::handlers {

/// `OrderOrchestrator/{order}/CancelOrder`, shared, so it comes through while the order is
/// processed. 404 for an order that is not there, 409 for one that is on its way.
durable::handler_task cancel_order(durable::context ctx, std::string body);

/// `OrderOrchestrator/{order}/CompensateOrder`, internal, exclusive and not cancellable. Found
/// again, it finds nothing to do, or what the first time had to leave open.
durable::handler_task compensate_order(durable::context ctx, std::string body,
                                       settings_ptr settings);

/// Undoes whatever the facts say was done, payments, label and stock, and tells the customer. From
/// here on no cancel reaches this invocation. What a vendor refuses to undo stays for a person.
/// `calls_of_cancel` says beforehand what that is, by the same rules.
durable::task<void> compensate(order_run run);

/// Customer and shop are told of a cancel: once, and `again` only where it `gives_back` a payment.
bool is_cancel_told(bool again, bool gives_back);
/// Custom providers are called after it.
bool is_cancel_hooked(bool again, const order_plan& plan);

} // namespace orderhub::handlers
