#pragma once
#include "providers/step_ref.hpp"
#include "providers/webhooks/vendors.hpp"

#include <string>

namespace orderhub::providers::slack {

/// `X-Slack-Signature: v0=<lower-case hex>`: HMAC-SHA256 of `v0:<X-Slack-Request-Timestamp>:<body>`
/// with the signing secret as text; the timestamp within 300 s of the clock, both ways (npm
/// `@slack/bolt` 5.1.0 `dist/receivers/verify-request.js`; its formula, not its code, looks ahead
/// too).
///
/// Events come as JSON, of which `url_verification` is answered with its challenge; interactions as
/// a form with JSON in `payload`. Up to three more tries within some 6 minutes.
webhooks::source webhook_source();

/// The actions of our own buttons.
inline constexpr std::string_view retry_label_action = "retry_label";
inline constexpr std::string_view cancel_order_action = "cancel_order";
/// The `value` of such a button: whose order it is about. `<hub>:<order id>`.
std::string action_value(const step_ref& about);

} // namespace orderhub::providers::slack
