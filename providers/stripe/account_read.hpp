#pragma once
#include "providers/live_read.hpp"
#include "providers/vendor.hpp"

#include <vector>

namespace orderhub::providers::stripe {

/// `GET /v1/balance` (docs.stripe.com/api/balance/balance_retrieve): `livemode` says the mode. Its
/// amounts are not kept. A restricted key that may not read it is one that Stripe knows.
std::vector<live_read> account_reads(const vendor_configuration& configured);

} // namespace orderhub::providers::stripe
