#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>
#include <string>

namespace orderhub::handlers {

/// How long what becomes of an SMS is asked for: carriers that say anything say it by then.
inline constexpr std::int64_t sms_followed_ms = 1'800'000;

/// An SMS was taken: what becomes of it is asked for later, where it is not known yet.
durable::task<void> await_delivery(durable::context ctx, settings_ptr settings, std::string step,
                                   std::string sid, std::string status);

/// `FollowSms`: asks Twilio once. One that was not delivered is the order's to show and a person's
/// to see. The body is an encoded `follow_up`.
durable::handler_task follow_sms_once(durable::context ctx, std::string body,
                                      settings_ptr settings);

} // namespace orderhub::handlers
