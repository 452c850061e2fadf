#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/service.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

// A label that was bought and has no tracking number yet: some carriers give it later. Asked for
// with growing pauses until it is there or the label is given back.

/// Begins to ask for the number of a label that was just bought.
durable::task<void> await_tracking(durable::context ctx, settings_ptr settings,
                                   std::string label_id);

/// `Shipment/{order}/FollowTracking`, internal, shared: asks once. The number is there: this
/// shipment records it (`RecordTracking`). Else it asks later; after `tracking_given_up_ms` it does
/// no more, and a person is told.
durable::handler_task follow_tracking_once(durable::context ctx, std::string body,
                                           settings_ptr settings);
inline constexpr std::int64_t tracking_given_up_ms = std::int64_t{30} * 24 * 3'600'000;

/// `Shipment/{order}/RecordTracking`, an event: the label has its number, and the order hears of
/// it. The body is an encoded `shippo::label_outcome`.
result<durable::event_outcome> record_tracking(const journal::object_state& state,
                                               std::string_view body);

} // namespace orderhub::handlers
