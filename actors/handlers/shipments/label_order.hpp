#pragma once
#include "actors/handlers/orders/customs.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What `Shipment/{order}/BuyLabel` is asked. It answers with an encoded `shippo::label_outcome`.
struct label_order {
  postal_address to;
  parcel_size parcel;
  declared_items declared;   ///< For customs, where the parcel crosses a border.
  std::string rate;          ///< As of `order::rate`.
  bool compensate = false;   ///< A refusal ends it; else it is tried again later.
  bool report = false;       ///< Tell the order by `RecordLabel`: nobody waits any more.
  std::uint32_t attempt = 1; ///< Counts the purchases; the shipment keeps it.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<label_order> decode(std::string_view bytes);
};

/// `error::where` of a purchase that ended because the order was cancelled, refunded or disputed.
inline constexpr std::string_view shipment_stopped = "shipment.stopped";

/// What an order learns of a label that was bought, from BuyLabel's answer; nothing where that
/// cannot be read.
order_facts label_facts(std::string_view bought);

} // namespace orderhub::handlers
