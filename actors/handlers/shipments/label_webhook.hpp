#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string_view>

namespace orderhub::handlers {

/// `Shipment/{order}/RecordWebhook`, an event: what Shippo says of a label (an encoded
/// `routed_event`). A purchase or a refund of it that is in doubt is looked up now; a number that
/// has come, and what became of its refund, the order is told. Where the refund of a label has
/// failed, of one that was bought twice too, a person is called, once (`refused_refunds_entry`).
result<durable::event_outcome> record_label_webhook(const journal::object_state& state,
                                                    std::string_view body,
                                                    const settings_ptr& settings);

/// The state entry of labels whose refund has failed later: a line each.
inline constexpr const char* refused_refunds_entry = "refused_refunds";

/// Of a shipment: its label was refused, and is to be bought anew later. Null: it is not.
const journal::invocation_state* label_for_later(const journal::object_state& state);

/// `Shipment/{order}/RetryLabel`, an event: a refused purchase that is to be tried again later is
/// tried now.
result<durable::event_outcome> retry_label(const journal::object_state& state,
                                           std::string_view body);

} // namespace orderhub::handlers
