#pragma once
#include "providers/vendor.hpp"

namespace orderhub::providers::shippo {

/// Shippo as a vendor that can be configured: settings, defaults, mode.
vendor describe();

} // namespace orderhub::providers::shippo
