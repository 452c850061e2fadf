#pragma once
#include "providers/webhooks/vendors.hpp"

namespace orderhub::providers::github {

/// `X-Hub-Signature-256: sha256=<lower-case hex>`: HMAC-SHA256 of the body with the secret as text
/// (npm `@octokit/webhooks-methods` 6.0.0). The older `X-Hub-Signature` is ignored. No time is
/// signed: a delivery is known again by `X-GitHub-Delivery`, which is the same when GitHub sends it
/// once more, by hand, for about 3 days.
///
/// The body is JSON, or a form with it in `payload`. The event's name and id are in headers, which
/// nobody signs: what the body does not bear out is skipped.
webhooks::source webhook_source();

} // namespace orderhub::providers::github
