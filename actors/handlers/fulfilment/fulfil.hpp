#pragma once
#include "actors/durable/context.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>

namespace orderhub::handlers {

/// `FulfillmentOrchestrator/{fulfilment}/Fulfill`, exclusive: the goods of an order from the shelf
/// to the carrier, and the customer is told. `body` is an encoded `fulfilment_wanted`. Sent again
/// it says how it ended; one that ended without effect is tried again where the caller asks for it,
/// sends something else, or was refused before anything was done. 409 where it cannot, or was
/// cancelled.
durable::handler_task fulfil(durable::context ctx, std::string body, settings_ptr settings);

/// `CancelFulfillment`, shared, so it comes through while the goods are on their way. 404 where
/// there is none, 409 once the parcel has left.
durable::handler_task cancel_fulfilment(durable::context ctx, std::string body);

/// `CompensateFulfilment`, internal, exclusive and not cancellable: undoes what was done, and
/// answers with the status, a bare word. `shipped`: the parcel has left, and nothing was undone.
durable::handler_task compensate_fulfilment(durable::context ctx, std::string body,
                                            settings_ptr settings);

} // namespace orderhub::handlers
