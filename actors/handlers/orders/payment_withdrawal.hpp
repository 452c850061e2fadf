#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"

namespace orderhub::handlers {

/// Cancels a payment at Stripe for which its customer has to authenticate, because another one is
/// to take its place. Only Stripe's confirmation makes it a failed payment. Where it went on
/// meanwhile, Stripe is asked how it stands, as `check_payment` does.
durable::task<void> withdraw_payment(order_run run);

} // namespace orderhub::handlers
