#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

namespace orderhub::handlers {

/// The internal service `Notification`, one object an order: `Send`, whose body is an encoded
/// `notification` and whose response is what became of each step, `{"mail_confirm":"sent"}`. It is
/// shared, so a slow Slack never holds a mail up. None of them can fail an order.
durable::service_definition notification_service(settings_ptr settings);

} // namespace orderhub::handlers
