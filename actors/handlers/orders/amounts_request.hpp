#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

/// The currency, the items with their prices, and what they come to. Complains to `request`.
void read_amounts(field_reader request, order& o);

} // namespace orderhub::handlers
