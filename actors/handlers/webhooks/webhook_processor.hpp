#pragma once
#include "actors/durable/service.hpp"

namespace orderhub::handlers {

/// `WebhookProcessor/{id}/Process{Stripe,SendGrid,Shippo,Slack,Twilio,GitHub}Webhook`: the
/// tutorial's unsigned forms. Recorded once an id, marked unverified, and never evidence of
/// anything.
durable::service_definition webhook_service();

} // namespace orderhub::handlers
