#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What `Shipment/{order}/BuyLabel` is asked.
struct label_order {
  postal_address to;
  parcel_size parcel;
  bool compensate = false;   ///< A refusal ends it; else it is tried again later.
  bool report = false;       ///< Tell the order by `RecordLabel`: nobody waits any more.
  std::uint32_t attempt = 1; ///< Counts the refusals.

  [[nodiscard]] std::string encode() const;
  static result<label_order> decode(std::string_view bytes);
};

/// `error::where` of a purchase that ended because the order was cancelled, refunded or disputed.
constexpr std::string_view shipment_stopped = "shipment.stopped";

/// The internal service `Shipment`, one object an order: BuyLabel, VoidLabel, CancelPurchase,
/// ReportLabelOutcome. It outlives the answer to the shop, so it is an object of its own.
durable::service_definition shipment_service(std::shared_ptr<const order_settings> settings);

} // namespace orderhub::handlers
