#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"

#include <cstdint>
#include <vector>

namespace orderhub::handlers {

// The steps that move money, each of which is a call of Stripe's. What is in doubt is resolved
// below them: each ends with a value or a definite refusal.

/// An earlier attempt waits for its customer (3-D Secure) or for the bank.
bool waits_for_customer(const order_run& run);

/// Asks Stripe how such an attempt stands, and closes it where it has failed. Whether it did is
/// `run.payment()`; nothing there while it still waits.
durable::task<void> check_payment(order_run run);

/// Takes up a payment that was made meanwhile, as an event says, for an order that nobody carried
/// on from there: it is `run.payment()`.
durable::task<void> take_up_payment(order_run run);

/// A new order, one that was refused for want of stock, or a declined one whose caller names
/// another method, says `retry`, or has changed it.
bool wants_payment(const order_run& run);

/// The caller asks to charge again where the charge may have been made, and nobody knows: refused,
/// until an event says how it went.
void refuse_second_charge(order_run run);

/// One attempt to charge the order's total; a new one has a new idempotency key. The outcome is
/// `run.payment()`. A decline is the customer's matter and ends the order here; for any other
/// refusal a person is called, and where it may have been made (`may_have_been_made`). Undone where
/// a cancel came before anything happened.
durable::task<void> take_payment(order_run run);

/// What a cancel asks to be given back of a payment next.
struct next_refund {
  std::uint32_t round = 0; ///< Part of its key.
  std::int64_t amount = 0; ///< Minor units; 0: it is not known here; all that is left.
};
/// A key is used for one amount only: where Stripe's word left open whether a round was made, the
/// same is asked again; what was answered or has failed since is never asked again under its key.
next_refund next_refund_of(const order_facts& facts, const payment_fact& payment);

/// Gives every payment back that is money, and stops what may become some; for a refund that is
/// refused a person is called. The payments it dealt with, as they stand after it.
durable::task<std::vector<payment_fact>> return_payments(order_run run);

} // namespace orderhub::handlers
