#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace orderhub::handlers {

enum class notification_kind : std::uint8_t {
  new_order = 1,
  payment_failed = 2,
  confirmed = 3,
  cancelled = 4
};
/// What is told, to whom. Sent to `Notification/{order}/Send`.
struct notification {
  notification_kind kind = notification_kind::confirmed;
  bool mail = false;
  bool announce = false;
  std::string email, name;
  std::string total; ///< For people: `42.00 USD`.
  std::string tracking_number;
  std::string reason;
  std::uint32_t attempt = 1;        ///< Of the payment that failed.
  std::int64_t report_after_ms = 0; ///< Took it longer, the order is told: nobody waits any more.

  [[nodiscard]] std::string encode() const;
  static result<notification> decode(std::string_view bytes);
};

/// The internal service `Notification`, one object an order; its handler is shared, so a slow Slack
/// never holds a mail up. None of them can fail an order.
durable::service_definition notification_service(std::shared_ptr<const order_settings> settings);

/// Adds what `Send` answered to the facts: what became of each notice, and of a mail that was
/// refused that a person should look.
void add_deliveries(order_facts& to, std::string_view told);

/// `42.00 USD`; currencies without minor units as they are.
std::string shown_amount(std::int64_t minor_units, std::string_view currency);

} // namespace orderhub::handlers
