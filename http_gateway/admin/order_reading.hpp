#pragma once
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "actors/host/operator.hpp"
#include "actors/host/seen_object.hpp"
#include "http_gateway/admin/admin_pages.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace orderhub::http_gateway {

/// What is stored of an order, or of what has its key without one, for who looks at it; 404:
/// nothing is.
std::variant<handlers::order_objects, admin_problem>
read_shown(const std::string& key, const admin_sources& from, handlers::read_beside beside = {},
           handlers::order_part part = handlers::order_part::current);
/// The same for who acts on it: a deployment alone is none.
std::variant<handlers::order_objects, admin_problem>
read_order(const std::string& key, const admin_sources& from,
           handlers::order_part part = handlers::order_part::current);

/// Its objects, for what is done to it only while it stands like that.
std::vector<host::seen_object> objects_as_seen(const handlers::order_objects& objects);

/// The moment at which it is explained, with the vendors as they stand.
handlers::explain_now explain_now_of(const admin_sources& from);

/// Why lists cannot be of steps at these vendors: a name that no vendor has, configured or not, and
/// no step that is open.
std::optional<admin_problem> unknown_vendor(const std::set<std::string, std::less<>>& vendors,
                                            const admin_sources& from);

/// How many orders there are of what a person looks at first, as `/admin/summary` has them, and
/// webhooks that found nothing and nobody has settled.
struct standing_counts {
  std::int64_t open = 0, in_doubt = 0, attention = 0, stuck = 0, dead_letters = 0;
};
result<standing_counts> standing_counts_of(const admin_sources& from);

/// What is counted now, with whom a person is called for by time alone.
result<journal::listing_counts> counts_now(const admin_sources& from);

/// Where lists are read from. The view outlives it.
handlers::list_reader list_reader_of(const host::operator_view& hub);

} // namespace orderhub::http_gateway
