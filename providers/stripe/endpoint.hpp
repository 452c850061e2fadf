#pragma once
#include "providers/vendor.hpp"

namespace orderhub::providers::stripe {

/// Stripe as a vendor that can be configured: settings, defaults, mode.
vendor describe();

} // namespace orderhub::providers::stripe
