#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

/// The currency, the items with their prices, the adjustments, and what they come to: 0, or what
/// Stripe charges in that currency (`providers/tables/currencies.hpp`). Complains to `request`, by
/// the rules of `request_rules.hpp`.
void read_amounts(field_reader request, order& o);

} // namespace orderhub::handlers
