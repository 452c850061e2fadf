#pragma once
#include "providers/webhooks/vendors.hpp"

namespace orderhub::providers::stripe {

/// `Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`: HMAC-SHA256 of `<t>.<body>` under the endpoint's
/// secret as text, `whsec_` included (docs.stripe.com/webhooks; npm `stripe` 23.1.0
/// `esm/Webhooks.js`). Elements are split at `,` and the first `=`, without trimming; other schemes
/// are ignored. Stripe's libraries refuse what is older than 300 s; what is further ahead is
/// refused here too.
///
/// Events (docs.stripe.com/api/events): PaymentIntents, charges, refunds and disputes. Sent again
/// for up to 3 days, in no order.
webhooks::source webhook_source();

} // namespace orderhub::providers::stripe
