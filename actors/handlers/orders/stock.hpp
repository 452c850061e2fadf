#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"

namespace orderhub::handlers {

// The order's goods, by the shop's own inventory: held before its card is charged, sold once it is
// paid, free again when it ends otherwise. Where no inventory is configured, none of this happens.

/// Holds all that the order wants, or refuses the request with 409 and the lines that are short;
/// then nothing is charged, and the order may simply be sent again. What was held for an earlier
/// attempt is released first. Undone where a cancel came before anything was held.
durable::task<void> reserve_stock(order_run run);

/// After the payment was decided: what is paid for is sold, what was not paid for is released.
/// Where the stock has gone elsewhere meanwhile the order is undone.
durable::task<void> settle_stock(order_run run);

/// What is held or sold is free again; nothing where nothing is. Where it is refused a person is
/// called.
durable::task<void> release_stock(order_run run);

} // namespace orderhub::handlers
