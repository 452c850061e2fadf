#pragma once
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/order_row.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"
#include "journal/object_state.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// The lists of orders: `OrderOrchestrator` has a place in them (its row is an `order_row`), and of
/// its shipment, notifications, custom providers and fulfilment what is open has marks. All are
/// parts of the order, so each mark counts once an order. That a parcel is followed is no work of
/// an order: of it only what has ended is found. Fulfilments and deployments have keys by which
/// they are found. The program's one set of rules; lives as long as it.
const journal::listing_rules& order_lists();

/// The objects that have an order's key, its own first: those that work for it, and the fulfilment
/// of that key, which may be another order's.
std::vector<object_id> objects_of_key(const std::string& order_id);

/// What these rules say of one object of an order, without the bounds that a stored row has.
struct listed_part {
  journal::listing what;        ///< Without a row.
  std::optional<order_row> row; ///< Nothing: it is shown in no list.
  /// Steps that may have taken effect, as its page names them.
  std::vector<std::string> doubts;
  unix_ms created_at = 0; ///< Of what has no place in lists: since when it is there.
};
/// Nothing: the object is in no list now.
std::optional<listed_part> listed_part_of(const journal::object_state& state);
/// Something of the object is open, and is shown in lists.
bool is_open_part(const journal::object_state& state);

/// A wait as lists have it, of no step of an effect.
listed_step listed_step_of(waiting_step wait);

/// Whose order a fulfilment is for, as its request says, which may be another order than that of
/// its key; nothing where it does not say.
std::optional<std::string> order_of_fulfilment(const journal::object_state& fulfilment);
/// The other objects that work for an order, as `read_order` has them. `fulfilments`: as
/// `fulfilment_claims::others` has them.
std::vector<object_id> objects_beside(const std::string& order_id,
                                      std::span<const std::string> fulfilments);
/// The order and these, at most.
inline constexpr std::size_t objects_of_order_max = 10;

// Names of marks.
namespace list_mark {
inline constexpr std::string_view open = "open";
inline constexpr std::string_view in_doubt = "in_doubt";
inline constexpr std::string_view attention = "attention";
inline constexpr std::string_view paused = "paused";
inline constexpr std::string_view maybe_stuck = "maybe_stuck";
/// All that it waits for is another object of the order, whose own steps have marks.
inline constexpr std::string_view elsewhere = "elsewhere";
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
/// By which a fulfilment of it is found whose key is not the order's, whatever the order said to
/// it.
std::string key_of_fulfilled_order(std::string_view order_id);
/// By which an event is found that is an order's.
std::string key_of_order_of_event(std::string_view order_id);
std::string key_of_email(std::string_view email);
std::string key_of_phone(std::string_view phone);

} // namespace orderhub::handlers
