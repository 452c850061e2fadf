#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

// Where the settings want it, Shippo is told to follow a parcel by its number, once, after its
// label was bought. Nothing waits for that, and nothing of the order hangs on it.

/// The shipment's state entry that names the parcel's carrier; there only where it is wanted.
inline constexpr const char* carrier_entry = "carrier";
/// As the order's `attention` names it.
inline constexpr std::string_view register_tracking_step = "register_tracking";

/// Begins it, where it is wanted.
durable::task<void> register_tracking(durable::context ctx, std::string tracking_number);

/// `Shipment/{order}/RegisterTracking`, internal, shared: the body is an encoded carrier and
/// number. What Shippo says of the parcel at once, the order hears; a refusal is for a person.
durable::handler_task register_tracking_once(durable::context ctx, std::string body,
                                             settings_ptr settings);

} // namespace orderhub::handlers
