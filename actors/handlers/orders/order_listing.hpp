#pragma once
#include "journal/base/ids.hpp"
#include "journal/listing.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// The lists of orders: `OrderOrchestrator` has a place in them (its row is an `order_row`), and of
/// its shipment, notifications, custom providers and fulfilment what is open has marks. That a
/// parcel is followed is no work of an order: of it only what has ended is found. Fulfilments and
/// deployments have keys by which they are found. The program's one set of rules; lives as long as
/// it.
const journal::listing_rules& order_lists();

/// The other objects that work for an order, as `read_order` has them. `bound_to`: as its row has
/// it.
std::vector<object_id> objects_beside(const std::string& order_id, const std::string& bound_to);
/// The order and these, at most.
inline constexpr std::size_t objects_of_order_max = 7;

// Names of marks.
namespace list_mark {
inline constexpr std::string_view open = "open";
inline constexpr std::string_view in_doubt = "in_doubt";
inline constexpr std::string_view attention = "attention";
inline constexpr std::string_view paused = "paused";
inline constexpr std::string_view maybe_stuck = "maybe_stuck";
/// And behind these a cause (`durable::name_of`), a vendor, a status.
inline constexpr std::string_view waits = "waits:";
inline constexpr std::string_view vendor = "vendor:";
inline constexpr std::string_view status = "status:";
} // namespace list_mark

/// Of these statuses no list is kept, as most orders come to them; they are counted.
bool is_common_status(std::string_view status);
/// Every status that an order can have.
std::span<const std::string_view> order_statuses();

/// Keys by which an order is found: an id of a vendor, an e-mail address, a phone number as it was
/// sent (all digits of it).
std::string key_of_id(std::string_view id);
/// Likewise, of what is no order: a deployment, a fulfilment, an event that found nothing.
std::string key_of_other_id(std::string_view id);
/// By which a deployment that names an order is found.
std::string key_of_named_order(std::string_view order_id);
/// By which an event is found that is an order's.
std::string key_of_order_of_event(std::string_view order_id);
std::string key_of_email(std::string_view email);
std::string key_of_phone(std::string_view phone);

} // namespace orderhub::handlers
