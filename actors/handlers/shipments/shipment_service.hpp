#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

namespace orderhub::handlers {

/// The internal service `Shipment`, one object an order: BuyLabel, VoidLabel, CancelPurchase,
/// ReportLabelOutcome. It outlives the answer to the shop, so it is an object of its own. Its state
/// is `label` (what was bought), `stopped` (nothing is bought any more), `refused` (why the carrier
/// said no, the last time), `purchase` (`purchase_state`), and where parcels are registered
/// `carrier` (of the rate that was bought).
durable::service_definition shipment_service(settings_ptr settings);

} // namespace orderhub::handlers
