#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

/// Who gets the order, where, and in which parcel: `customer`, `shipping`, `parcel`. Complains to
/// `request`.
void read_delivery(field_reader request, order& o);

} // namespace orderhub::handlers
