#pragma once
#include "http_gateway/settings/settings.hpp"
#include "http_gateway/webhooks/webhook_door.hpp"
#include "journal/base/result.hpp"

namespace orderhub::http_gateway {

/// What the settings say of how webhooks are believed.
result<webhook_keys> webhook_keys_of(const settings& s);

/// Says in the log whose webhooks are off, and what to set.
void log_webhooks_off(const webhook_keys& keys);

} // namespace orderhub::http_gateway
