#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/fulfilment/fulfilment_run.hpp"

namespace orderhub::handlers {

// The goods of a fulfilment, by the shop's own inventory. Where none is configured, none of this
// happens.

/// Has the goods: the order's own, where the inventory sold them to it, else as many taken from the
/// stock. Ends the round where there are not enough (`out_of_stock`) or the inventory refuses.
durable::task<void> take_goods(fulfilment_run run);

/// What the fulfilment took is free again; the order's own stay with it. Where that is refused a
/// person is called.
durable::task<void> put_goods_back(fulfilment_run run);

} // namespace orderhub::handlers
