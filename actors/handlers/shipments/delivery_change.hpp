#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/shipments/label_order.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::handlers {

// An order may go elsewhere, or in another parcel, until its label is on its way: the shipment,
// which knows that, takes the change or refuses it in one turn of its own.

/// What became of `Shipment/{order}/ChangeDelivery`. The numbers are in journals.
enum class delivery_verdict : std::uint8_t {
  taken = 0,     ///< Every label from now on is for it.
  bought = 1,    ///< There is a label.
  under_way = 2, ///< One is being bought: it may exist.
  stopped = 3,   ///< None is bought any more: cancelled, refunded or disputed.
};
delivery_verdict delivery_verdict_of(std::string_view response);

/// What a purchase leaves to the next one: the state entry `purchase`. Absent: nothing.
struct purchase_state {
  /// Of the next purchase: each has its own steps at the carrier.
  std::uint32_t attempt = 1;
  /// How often the carrier refused this delivery in a row: the pauses grow with it.
  std::uint32_t refusals = 0;
  /// The invocation that is to try again later.
  std::optional<invocation_id> later;
  /// A label is being bought at this moment, or may have been.
  bool buying = false;
  /// How often the delivery was changed, and the last change: an encoded `label_order`, of which
  /// what concerns the delivery counts. Empty: as it was asked first.
  std::uint32_t changes = 0;
  std::string delivery;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<purchase_state> decode(std::string_view bytes);
};

/// ChangeDelivery, an event: the body is an encoded `label_order`.
result<durable::event_outcome> change_delivery(const journal::object_state& state,
                                               std::string_view body);

} // namespace orderhub::handlers
