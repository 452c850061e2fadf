#pragma once
#include "actors/handlers/orders/order_settings.hpp"
#include "http_gateway/settings/settings.hpp"
#include "journal/base/result.hpp"
#include "providers/registry.hpp"

namespace orderhub::http_gateway {

/// What the order services take from the configuration. Fails with `invalid` naming the setting
/// whose JSON (`ORDERHUB_SHIP_FROM`, `ORDERHUB_PARCEL`, `ORDERHUB_CUSTOMS`) lacks something, or has
/// what Shippo does not take.
result<handlers::order_settings> order_settings_from(const settings& s,
                                                     const providers::registry& vendors);

} // namespace orderhub::http_gateway
