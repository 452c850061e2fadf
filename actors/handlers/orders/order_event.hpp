#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_facts.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// What the world says of an order. Sent to `OrderOrchestrator/{order}/RecordEvent`, which merges
/// it at once, beside whatever runs.
struct order_event {
  std::string name; ///< 1 to 64 bytes: `payment_disputed`.
  order_facts learned;
  std::vector<durable::step_evidence> evidence; ///< At most 255.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<order_event> decode(std::string_view bytes);
};

/// Of a fulfilment's parcel that has left (`parcel_left.hpp`).
inline constexpr std::string_view picked_up_event = "picked_up";

/// What it does to the order: its facts merged, its evidence given, and what forbids to ship told
/// to the shipment. Fails with `not_found` where there is no such order.
result<durable::event_outcome> outcome_of(const journal::object_state& state,
                                          const order_event& event);

// The handlers of events: pure, applied beside whatever runs. Each merges what it brings into the
// facts, and where that forbids to ship it also stops the shipment in the same turn. 404 where
// there is no such order.

/// RecordEvent: the body is an encoded `order_event`.
result<durable::event_outcome> record_event(const journal::object_state& state,
                                            std::string_view body);

/// What the order's other objects tell it: the handler, and the event's name. The body is encoded
/// `order_facts`.
struct recorded_facts {
  const char* handler;
  const char* event;
};
inline constexpr std::array<recorded_facts, 2> facts_from_others = {{
    {"RecordLabel", "label_recorded"},           ///< By the shipment.
    {"RecordDeliveries", "deliveries_recorded"}, ///< By the notification.
}};
result<durable::event_outcome> record_facts(const char* event, const journal::object_state& state,
                                            std::string_view body);

} // namespace orderhub::handlers
