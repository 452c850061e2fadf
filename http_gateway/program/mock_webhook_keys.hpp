#pragma once
#include "http_gateway/settings/settings.hpp"
#include "journal/base/random.hpp"
#include "journal/base/result.hpp"
#include "providers/mock/webhooks/signer.hpp"

#include <string>

namespace orderhub::http_gateway {

/// New keys; in place of each that the environment has for the hub (`STRIPE_WEBHOOK_SECRET`, …) the
/// first of what is there. SendGrid's is always new: the environment has only its public half.
providers::mock::webhook_keys mock_webhook_keys(random_source& random);

/// Writes them as `NAME=value` lines, one for each vendor, into a file that only its owner reads.
/// An empty path writes nothing. Fails with `invalid` where the file cannot be written.
result<void> write_webhook_secrets(const providers::mock::webhook_keys& keys,
                                   const std::string& path);

/// In mock mode: the same settings, where webhooks signed with these keys are believed too, beside
/// what is set. Otherwise as they are.
settings with_mock_secrets(settings s, const providers::mock::webhook_keys& keys);

} // namespace orderhub::http_gateway
