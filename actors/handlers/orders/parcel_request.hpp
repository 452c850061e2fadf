#pragma once
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/order.hpp"
#include "journal/base/result.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

/// The parcel that a request names, if it does: measures are rounded to what Shippo takes
/// (`measure.hpp`), units default to inches and pounds. Complains to `request`.
void read_parcel(field_reader& request, order& o);

/// `lb` of `LB`; empty where it is no unit of Shippo's (`cm in ft m mm yd`, `g kg lb oz`).
std::string distance_unit_of(std::string_view written);
std::string mass_unit_of(std::string_view written);

} // namespace orderhub::handlers
