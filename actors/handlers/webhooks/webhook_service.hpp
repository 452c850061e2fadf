#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/object_loader.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>

namespace orderhub::handlers {

/// So long an event that nothing here is known of waits for somebody to learn the vendor's id that
/// it carries. It is a dead letter from the beginning.
inline constexpr std::int64_t webhook_kept_ms = 24LL * 3'600'000;

/// `Webhook/{vendor}:{event id}`, one object a verified event:
///
/// - `Receive`: the event has come; its body is an encoded `receipt`. The door gives it a request
///   key, so what comes again is not even an input. It goes on to what it is about: by our own
///   metadata, else by the vendor's ids (`VendorId`).
/// - `Match`: somebody has learned whose one of its ids is.
/// - `Conclude`: what it was about says that a person has to look at it (`conclusion.hpp`).
/// - `Expire`: nobody has learned of it in time.
/// - `Replay`, `Assign` (to an order, by an encoded `webhook_match`): a person has it applied
/// again.
/// - `Show`: the event and its verdict, as JSON.
///
/// `load_object`: an order that knows all that an event says is not woken for it.
///
/// All but the last are events: nothing of them waits behind what it speaks of.
durable::service_definition verified_webhook_service(settings_ptr settings,
                                                     object_loader load_object);

} // namespace orderhub::handlers
