#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/object_state.hpp"

#include <optional>
#include <string>

namespace orderhub::handlers {

// The goods of an order that does not ship: its fulfilment stops, and they are free for others.

/// The key of the fulfilment that has the order now; nothing where none has.
durable::task<std::optional<std::string>> fulfilment_of(order_run run);
/// It goes no further. Waits for nobody.
void stop_fulfilment(const order_run& run, const std::string& fulfilment);
/// What it has done is undone, and waited for. True: its parcel has left, so nothing was.
durable::task<bool> undo_fulfilment(order_run run, std::string fulfilment);

/// Goods are kept for the order, or a fulfilment has it, and no cancel is under way, which frees
/// them by itself.
bool has_goods(const journal::object_state& state, const order_facts& facts);

/// `OrderOrchestrator/{order}/FreeGoods`, internal, exclusive and not cancellable: something was
/// heard of that forbids to ship. The order's fulfilment is undone; where the sale is undone too,
/// by a refund of all of it or a lost dispute, the stock is released. What has left is not.
durable::handler_task free_goods(durable::context ctx, std::string body, settings_ptr settings);

} // namespace orderhub::handlers
