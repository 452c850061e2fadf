#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/time.hpp"
#include "providers/webhooks/event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

// What was asked for because no webhook brought it.

/// Gives events that a vendor was asked for to their `Webhook` objects, as the door gives those
/// that come: under the same ids, marked as swept. Those that are known by their ids, and those
/// that speak of another hub, are left out.
durable::task<void> give_swept(durable::context ctx, settings_ptr settings, std::string vendor,
                               std::vector<providers::webhooks::event> events, unix_ms now);

/// Counts news that a vendor was asked for, where it goes its own way, unless a webhook had brought
/// it: an event of one of these ids. None: whoever asks knows that none had.
durable::task<void> count_swept(durable::context ctx, settings_ptr settings, std::string vendor,
                                std::vector<std::string> event_ids);

} // namespace orderhub::handlers
