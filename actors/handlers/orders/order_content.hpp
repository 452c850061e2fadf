#pragma once
#include "actors/handlers/orders/order.hpp"

#include <string>
#include <vector>

namespace orderhub::handlers {

// What an order is, as against how it is paid: everything of a checked request but `payment`,
// `retry` and `shipping.validateAddress`. As it was sent, before anything is filled in from the
// configuration: an order without a parcel has none, whatever parcel the settings say. Spaces, the
// order of keys, unknown fields, `address` for `street` and `1.50` for `1.5` make no difference.
//
// A field of `order` that is new gets a row in the tables of order_content.cpp, and `content_form`
// (order.hpp) goes up: a request that was checked before had the field and lost it.

/// The content as bytes: equal for equal content of one form, and for no other. Begins with the
/// form's number.
std::string canonical_content(const order& o);

/// In what two contents differ.
struct content_difference {
  /// Names as in the request, in its order: `items[1].price`, `shipping.street`. Never a value.
  std::vector<std::string> fields;
  /// Something differs that is paid for: items, amounts. Else all of it concerns the delivery:
  /// customer, shipping, parcel, customs.
  bool concerns_payment = false;

  [[nodiscard]] bool empty() const { return fields.empty(); }
};
content_difference difference_of(const order& recorded, const order& sent);

/// For a sentence: `items[1].price and shipping.street`; past 12 names how many more there are.
std::string listed(const std::vector<std::string>& fields);

} // namespace orderhub::handlers
