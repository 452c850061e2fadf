#pragma once
#include "actors/durable/context.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>

namespace orderhub::handlers {

/// `Shipment/{order}/BuyLabel`, exclusive: buys the label once and says which it is; asked again it
/// says the same. `body` is an encoded `label_order`; a later `ChangeDelivery` goes before it. What
/// the carrier definitely refuses is tried again later with new rates, unless the order is to be
/// compensated then. What may have been bought, and by its policy in doubt is not looked for, is
/// left to a person (`missed_entry`). Ends with `shipment_stopped` once the shipment was stopped.
durable::handler_task buy_label(durable::context ctx, std::string body, settings_ptr settings);

/// The state entry that says so, and why.
inline constexpr const char* missed_entry = "missed";

} // namespace orderhub::handlers
