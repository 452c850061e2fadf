#pragma once
// Which orders a call asks for.
#include "actors/handlers/orders/order_list.hpp"
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::http_gateway {

/// The parameters of a list of orders. Lists with commas mean one of them.
inline constexpr std::array order_list_parameters = {
    admin_parameter{"status", "", ""},
    admin_parameter{"open", "true|false", ""},
    admin_parameter{"attention", "true|false", ""},
    admin_parameter{"called", "true|false", ""},
    admin_parameter{"acked", "true|false", ""},
    admin_parameter{"in_doubt", "true|false", ""},
    admin_parameter{"paused", "true|false", ""},
    admin_parameter{"stuck", "true|false", ""},
    admin_parameter{"vendor", "", ""},
    admin_parameter{"waits_for", "", ""},
    admin_parameter{"reason", "", ""},
    admin_parameter{"older_than", "", ""},
    admin_parameter{"since", "", ""},
    admin_parameter{"until", "", ""},
    admin_parameter{"updated_since", "", ""},
    admin_parameter{"currency", "", ""},
    admin_parameter{"min_total", "0..999999999999", ""},
    admin_parameter{"max_total", "0..999999999999", ""},
    admin_parameter{"key_prefix", "", ""},
    admin_parameter{"key_contains", "", ""},
    admin_parameter{"q", "", ""},
    admin_parameter{"sort", "created|waiting", "created"},
    admin_parameter{"limit", "1..500", "50"},
    admin_parameter{"cursor", "", ""},
};

/// Why that text does not belong into a URL; nothing: it does. Refused is what is a whole e-mail
/// address, or a telephone number with its `+`; a key may have an `@`.
std::optional<admin_problem> personal_data_in(std::string_view name, std::string_view text);

/// What a list shows of all, and from where on.
struct order_list_call {
  handlers::order_filter filter;
  std::size_t limit = 50;
  std::optional<journal::listing_place> behind;
  std::string filter_hash; ///< A cursor belongs to one.
};
/// Of parameters that `order_list_parameters` take.
std::variant<order_list_call, admin_problem> order_list_of(const admin_call& call);
/// Of a search's body: the same names as members, `email` and `phone` beside them. Blanks around
/// these two do not count.
std::variant<order_list_call, admin_problem> order_search_of(const admin_call& call);

/// Of a bulk's filter, a JSON object: the same names, at least one of them, and neither sort, limit
/// nor cursor.
std::variant<order_list_call, admin_problem> bulk_filter_of(std::string_view members);

/// The place behind which a list goes on, for `cursor`; no state of the server.
std::string cursor_of(const journal::listing_place& place, const order_list_call& call);

} // namespace orderhub::http_gateway
