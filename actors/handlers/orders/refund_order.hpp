#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>

namespace orderhub::handlers {

/// `OrderOrchestrator/{order}/RefundOrder`: gives a part of the payment back, or all that is left.
/// The caller's `refundId` names the refund: the same again is the same answer, with another amount
/// 409. Never more than what is left, where each refund that is asked for counts until it is
/// definitely refused. What Stripe refuses is 409 with its reason, and needs another `refundId`. An
/// order that is cancelled gives its money back by CancelOrder. 404: no such order.
durable::handler_task refund_order(durable::context ctx, std::string body, settings_ptr settings);

} // namespace orderhub::handlers
