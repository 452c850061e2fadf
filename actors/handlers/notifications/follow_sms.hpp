#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>
#include <string>

namespace orderhub::handlers {

/// How long what becomes of an SMS is asked for. Twilio itself holds one for up to 36,000 s before
/// it fails it (`ValidityPeriod`, its default and most; 30001, 30036), and carriers that say
/// anything say it within minutes of having it.
inline constexpr std::int64_t sms_followed_ms = std::int64_t{11} * 3'600'000;

/// An SMS was taken: what becomes of it is asked for later, where it is not known yet.
durable::task<void> await_delivery(durable::context ctx, settings_ptr settings, std::string step,
                                   std::string sid, std::string status);

/// `FollowSms`: asks Twilio once. One that was not delivered is the order's to show and a person's
/// to see. The body is an encoded `follow_up`.
durable::handler_task follow_sms_once(durable::context ctx, std::string body,
                                      settings_ptr settings);

} // namespace orderhub::handlers
