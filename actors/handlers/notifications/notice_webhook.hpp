#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string_view>

namespace orderhub::handlers {

/// `Notification/{order}/RecordWebhook`, an event: what the vendor says of a mail, SMS or message
/// (an encoded `routed_event`) is evidence for the step that sent it, where that is in doubt. What
/// it means for the customer is the order's.
result<durable::event_outcome> record_notice(const journal::object_state& state,
                                             std::string_view body, const settings_ptr& settings);

} // namespace orderhub::handlers
