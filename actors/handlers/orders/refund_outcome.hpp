#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"

#include <cstdint>
#include <string>

namespace orderhub::handlers {

// A refund that its bank has not made yet (`pending`, `requires_action`): asked for again with
// growing pauses until it is there or has failed; then customer and shop are told.

/// Follows a refund of a payment that a cancel asked for, in its `refund_round`.
durable::task<void> follow_refund(order_run run, payment_fact payment, std::string refund_id,
                                  std::string status);

/// The same of one that a caller asked for, by its name.
durable::task<void> follow_named_refund(order_run run, std::string name, refund_fact refund,
                                        std::string status);
/// It was given back: the payment is refunded in part, or in whole where nothing is left and
/// nothing on its way, as when it is heard of by an event; customer and shop are told.
void named_refund_made(const order_run& run, const std::string& name, const refund_fact& refund);

/// `OrderOrchestrator/{order}/FollowRefund`, internal, shared: asks once how a refund stands. Given
/// back: the order knows, customer and shop are told. Failed: a person is called, and another
/// CancelOrder begins a new refund. Else it asks later.
durable::handler_task follow_refund_once(durable::context ctx, std::string body,
                                         settings_ptr settings);

} // namespace orderhub::handlers
