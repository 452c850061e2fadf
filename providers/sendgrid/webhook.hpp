#pragma once
#include "providers/webhooks/vendors.hpp"

namespace orderhub::providers::sendgrid {

/// SendGrid's Event Webhook: `X-Twilio-Email-Event-Webhook-Signature`, base64 of a DER signature by
/// ECDSA on P-256 with SHA-256, of `X-Twilio-Email-Event-Webhook-Timestamp` and the body right
/// behind it (npm `@sendgrid/eventwebhook` 8.0.0 `src/eventwebhook.js`). The keys are public:
/// base64 of the DER, as SendGrid shows it, or PEM. No tolerance is defined, and what failed is
/// sent again for a day with its old timestamp: nothing is refused by its age.
///
/// The body is a list; each element is an event of its own (twilio/ai
/// `skills/sendgrid/twilio-sendgrid-webhooks/SKILL.md`), known again by `sg_event_id`.
webhooks::source webhook_source();

} // namespace orderhub::providers::sendgrid
