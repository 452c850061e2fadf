#pragma once
#include "http_gateway/settings/settings.hpp"
#include "providers/registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// What payment and shipping need and have not: a sentence for each, which names the setting.
std::vector<std::string> missing_keys(const settings& s);

/// The vendors this hub talks to. `mock_base` is where the built-in mocks listen,
/// `http://127.0.0.1:4242`; used in mock mode only. Fails with `invalid` naming the setting where
/// payment or shipping would be skipped.
result<providers::registry> make_registry(const settings& s, std::string_view mock_base);

/// `live`, `test` or `mock`, as the vendor of payments is reached; `none` where there is none.
std::string mode_of_payments(const providers::registry& vendors);

} // namespace orderhub::http_gateway
