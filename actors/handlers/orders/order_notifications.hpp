#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"

#include <string>

namespace orderhub::handlers {

// What an order tells the shop and its customer, by `Notification/{order}`. Only by the ways that
// the plan names; none of them can fail an order.

/// Tells the shop's channel and waits for nobody.
void post_new_order(const order_run& run);
void post_failed_payment(const order_run& run, const payment_fact& payment);

/// Its parcel may leave, and nobody was told so yet.
bool may_confirm(const order_run& run);

/// The order is confirmed: tells customer and shop, and waits a moment for what becomes of that, as
/// long as the plan says. Past that the notification tells the order.
durable::task<void> confirm(order_run run);

/// Tells customer and shop that the order was cancelled; waits for nobody. `again`: more was undone
/// later, which is told once more. `is_refunded`: the customer reads that the money is given back.
void post_cancelled(const order_run& run, bool again, bool is_refunded);

} // namespace orderhub::handlers
