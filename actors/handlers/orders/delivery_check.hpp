#pragma once
#include "actors/handlers/orders/customs.hpp"
#include "actors/handlers/orders/order.hpp"
#include "journal/base/result.hpp"

#include <string>

namespace orderhub::handlers {

/// What the shop's configuration says of deliveries.
struct delivery_rules {
  postal_address from = nowhere(); ///< Where the shop sends from.
  parcel_size parcel;              ///< Of an order that names none.
  customs_settings customs;
};

/// Whether an address has what a label needs by its country (providers/tables/countries.hpp): name,
/// street, city, and postal code and state where they are required. `path` stands before a field's
/// name, `shipping.`. Fails with `invalid` (400) and a message that names the first field.
result<void> check_address(const postal_address& a, const std::string& path);

/// Whether the order's items can be declared where its parcel crosses a customs border.
result<void> check_customs(const order& o, const delivery_rules& rules);

/// Both: whether Shippo takes what the order says of shipping, parcel and customer, together with
/// its items. Also for an order whose shipping, parcel or customer were replaced for a next
/// purchase; each of these was read by `read_delivery`.
result<void> check_delivery(const order& o, const delivery_rules& rules);

} // namespace orderhub::handlers
