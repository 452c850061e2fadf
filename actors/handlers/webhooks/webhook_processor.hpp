#pragma once
#include "actors/durable/service.hpp"

namespace orderhub::handlers {

/// `WebhookProcessor/{id}/ProcessStripeWebhook`: the tutorial's unsigned form. Recorded once an id,
/// marked unverified, and never evidence of anything.
durable::service_definition webhook_service();

} // namespace orderhub::handlers
