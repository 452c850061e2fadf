#pragma once
#include "actors/handlers/orders/delivery_check.hpp"
#include "actors/handlers/orders/order.hpp"
#include "journal/base/result.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What the checks need of the configuration.
struct order_rules {
  /// Used where the request names no `payment.method`; empty (live keys): 400.
  std::string default_payment_method = "pm_card_visa";
  delivery_rules delivery;
};

/// Checks the JSON of a ProcessOrder request before anything is stored, and fills in what it may
/// leave out: country `US`, currency `usd`, the default payment method, the parcel's units. What it
/// says of the delivery is what Shippo takes (`read_delivery`). The total is the sum of items and
/// adjustments, and 0 or what Stripe charges. Fails with `invalid` (400) and a message that names
/// the first field that is wrong; where any part of the body looks like a card's number
/// (`card_numbers.hpp`), without any of it.
result<order> check_order(std::string_view body, const order_rules& rules);

/// Loads what the first check would load otherwise, the tables of places, currencies and phone
/// numbers: about 30 ms in which a running hub would serve nobody else.
void load_order_tables(const order_rules& rules);

} // namespace orderhub::handlers
