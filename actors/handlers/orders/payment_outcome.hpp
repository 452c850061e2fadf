#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"

#include <string>

namespace orderhub::handlers {

// A payment that its bank has not decided on (`processing`): asked for again with growing pauses
// until it has, then the order goes on from there.

/// Begins to follow it; nothing where it is followed already. The next `learn` records it.
durable::task<void> follow_payment(order_run run, payment_fact payment, std::string status);
/// The bank has decided, or nobody asks any more. Part of the next `learn`.
void payment_decided(order_run run, const payment_fact& payment);

/// `OrderOrchestrator/{order}/FollowPayment`, internal, shared: asks once how the payment stands.
/// Decided: has `SettlePayment` carry the order on; else asks later.
durable::handler_task follow_payment_once(durable::context ctx, std::string body,
                                          settings_ptr settings);

/// `OrderOrchestrator/{order}/SettlePayment`, internal, exclusive: a ProcessOrder without a caller,
/// for an order whose payment was decided on later. Nothing where that was taken up already.
durable::handler_task settle_payment(durable::context ctx, std::string body, settings_ptr settings);

} // namespace orderhub::handlers
