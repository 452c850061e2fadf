#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "providers/shippo/buy_label.hpp"

#include <optional>

namespace orderhub::handlers {

/// Of a hub that was restored from a copy: the label that was bought for this order after the copy
/// was made, which nobody here remembers. Nothing where there is none, and where the hub was never
/// restored; then it asks nobody. Where it cannot be seen whether there is one, a person is asked,
/// and their word waited for. Fails where the shipment is stopped meanwhile, and where the person
/// refuses. To be asked right before a purchase: nothing is waited for between a `nothing` without
/// a restore and the return, so that purchase and question are in one turn.
durable::task<result<std::optional<providers::shippo::label_outcome>>>
seek_forgotten_label(durable::context ctx, settings_ptr settings);

} // namespace orderhub::handlers
