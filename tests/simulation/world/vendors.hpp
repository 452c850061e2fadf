#pragma once
#include "actors/handlers/orders/order_settings.hpp"
#include "providers/mock/vendors.hpp"
#include "providers/registry.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::testing {

/// The vendors that these settings have use for.
providers::registry mock_registry(const handlers::order_settings& orders,
                                  std::int64_t absence_after_ms);

/// The vendor's wire format of a call: what the transport would put on the wire.
providers::mock::mock_request request_of(const providers::registry& vendors,
                                         std::string_view vendor,
                                         const providers::http_request& request);

/// `text` in lower case, ASCII.
std::string lower(std::string text);

} // namespace orderhub::testing
