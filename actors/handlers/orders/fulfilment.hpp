#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/shipments/label_order.hpp"

namespace orderhub::handlers {

// The order's side of its parcel. The purchase itself is `Shipment/{order}`, an object of its own,
// since it may outlive the response to the shop.

/// Where the order goes, and in what.
label_order label_order_of(const order& o);

/// The payment became money in this run, or is and the delivery was changed; and nothing that was
/// heard of forbids to ship.
bool may_ship(const order_run& run);

/// Has the label bought and waits for it as long as the plan says; past that the shipment tells the
/// order when there is one. A refusal undoes the order where the plan says so; else a person is
/// called, and the shipment tries again by itself. Looks at the facts again afterwards.
durable::task<void> get_label(order_run run);

/// Something was paid for, so a label may have been bought, and it is not voided yet.
bool may_have_label(const order_facts& facts);

/// No label is bought from now on. Waits for nothing.
void stop_shipment(const order_run& run);

/// Voids the label, if there is one; a purchase under way resolves first. Where the carrier refuses
/// a person is called.
durable::task<void> void_label(order_run run);

} // namespace orderhub::handlers
