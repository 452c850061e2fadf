#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

/// What customs wants to know of the items (`items[].customs`), where it was sent; whether it is
/// needed is `check_customs`'s. The items were read before. Complains to `request`.
void read_customs(field_reader& request, order& o);

} // namespace orderhub::handlers
