#pragma once
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "http_gateway/admin/admin_pages.hpp"

#include <optional>
#include <string>
#include <variant>

namespace orderhub::http_gateway {

/// What is stored of an order, or 404: nothing is.
std::variant<handlers::order_objects, admin_problem> read_order(const std::string& key,
                                                                const admin_sources& from);

/// The moment at which it is explained, with the vendors as they stand.
handlers::explain_now explain_now_of(const admin_sources& from);

} // namespace orderhub::http_gateway
