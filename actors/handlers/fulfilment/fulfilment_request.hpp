#pragma once
#include "actors/handlers/orders/order.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// So many pieces of a product.
struct fulfilled_item {
  std::string product_id;
  std::int64_t quantity = 0; ///< Positive.

  friend bool operator==(const fulfilled_item&, const fulfilled_item&) = default;
};

/// What leaves the house, for which order, and where it goes: a checked request.
struct fulfilment_wanted {
  std::string order_id; ///< In Unicode's form NFC, as the keys of orders are.
  std::vector<fulfilled_item> items;
  postal_address ship_to;
  bool retry = false; ///< The caller asks for another try of one that has failed.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<fulfilment_wanted> decode(std::string_view bytes);
};

/// Reads `{orderId, items[{productId, quantity}], shipping{…}, retry?}` by the rules of an order's
/// items and address. Fails with `invalid`, 400, naming the field.
result<fulfilment_wanted> check_fulfilment(std::string_view body);

/// Of `FulfillmentOrchestrator`; takes such a request.
inline constexpr const char* fulfil_handler = "Fulfill";
/// The request that fixed of what the fulfilment is, encoded; null: none has come. The state's own.
const std::string* first_request(const journal::object_state& fulfilment);

/// What makes one request of two; `retry` is none of it.
std::string fulfilment_content(const fulfilment_wanted& wanted);
/// The parts in which two differ, for a sentence: `items and shipping`. Empty: in none.
std::string differing_parts(const fulfilment_wanted& recorded, const fulfilment_wanted& sent);

} // namespace orderhub::handlers
