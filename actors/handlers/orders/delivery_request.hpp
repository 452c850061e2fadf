#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/delivery_check.hpp"
#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

/// Who gets the order, where, in which parcel, and what customs wants to know: `customer`,
/// `shipping`, `parcel`, `items[].customs`; then whether it can be delivered (`check_delivery`).
/// The items were read before. Complains to `request`.
void read_delivery(field_reader request, order& o, const delivery_rules& rules);

} // namespace orderhub::handlers
