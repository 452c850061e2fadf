#pragma once
#include "actors/durable/execution.hpp"
#include "actors/handlers/orders/order_facts.hpp"

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

} // namespace orderhub::handlers
