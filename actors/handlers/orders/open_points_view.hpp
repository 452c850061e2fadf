#pragma once
#include "actors/handlers/orders/open_points.hpp"

#include <string>

namespace orderhub::handlers {

/// What is in doubt and what waits, as GetOrder and GetStatus list it: the members `in_doubt` and
/// `waiting` of a JSON object, a comma behind each.
std::string shown_open_points(const open_points& open);

} // namespace orderhub::handlers
