#pragma once
#include "actors/handlers/orders/order_request.hpp"

#include <string>

namespace orderhub::handlers {

/// The JSON by which Shippo is asked for the shipment of that order. Requires that it can be.
std::string shipment_body(const order& o, const order_rules& rules);

} // namespace orderhub::handlers
