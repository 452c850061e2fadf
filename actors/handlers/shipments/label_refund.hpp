#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "providers/shippo/void_label.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

// Shippo takes a label back at once, and its carrier decides within days whether it is paid back.
// A refusal is told by a webhook, or by nobody: so Shippo is asked, until it is decided.

/// The order's point for a person: a label was taken back at first, and its refund has failed, or
/// nobody says what became of it. One of its own, since the order takes the label for voided.
inline constexpr std::string_view refused_later_step = "void_label_event";

/// A handler of the service `Parcel`, so that no order shows it as work of its own.
inline constexpr const char* label_refund_handler = "FollowRefund";
/// So long it is asked for.
inline constexpr std::int64_t label_refund_followed_ms = std::int64_t{30} * 24 * 3'600'000;
/// So often in a row Shippo may refuse to say it.
inline constexpr std::uint32_t label_refund_refusals_max = 3;
/// Before the next question: an hour, two, four … half a day. So in 30 days it is asked 63 times.
std::int64_t label_refund_pause_ms(std::uint32_t polls);

/// Begins to ask what becomes of a label that Shippo has taken back, where that is not decided.
void follow_label_refund(durable::context ctx, const providers::shippo::void_outcome& taken,
                         const std::string& label_id);

/// `Parcel/{order}/FollowRefund`, internal: asks once. Decided, its shipment hears of it the way of
/// webhooks (`give_swept`), under the id that its webhook has; else it begins the next one after a
/// pause. Not decided in time, or refused to be said, it calls a person.
durable::handler_definition label_refund_follower(settings_ptr settings);

} // namespace orderhub::handlers
