#pragma once
#include "actors/handlers/explain/order_objects.hpp"
#include "journal/base/result.hpp"
#include "journal/record.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What a person says of a step, by its members: `label_id`, `tracking_number`.
using told_members = std::map<std::string, std::string, std::less<>>;

/// The value that the journal would hold of a step had its vendor said so; what the person need not
/// say (the amount) is the intent's. `invalid` where a member is missing, unknown or malformed, and
/// where no word of a person can stand for what such a step comes to. The message names the member.
///
///   stripe.charge         payment_intent (pi_…), charge (ch_…, may be left out)
///   stripe.refund         refund (re_…)
///   stripe.cancel_intent  nothing
///   shippo.buy_label      label_id, tracking_number (may be left out)
///   shippo.void_label     nothing
///   sendgrid.send_mail    message_id (may be left out)
///   twilio.send_sms       sid (SM…)
///   slack.post_message    channel, ts;  slack.post_webhook  nothing
result<std::string> value_as_told(const journal::effect_payload& intent, const told_members& told);

/// The intent of the step with that ref (`inv_…:4`) that is live; nothing where there is none.
std::optional<journal::effect_payload> intent_of(const order_objects& objects,
                                                 std::string_view ref);

} // namespace orderhub::handlers
