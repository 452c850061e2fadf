#pragma once
#include "providers/live_read.hpp"
#include "providers/vendor.hpp"

#include <vector>

namespace orderhub::providers::shippo {

/// `GET /transactions?results=1` (docs.goshippo.com/shippoapi/public-api/transactions): the list
/// that look-ups read. Nothing of its label is kept.
std::vector<live_read> account_reads(const vendor_configuration& configured);

} // namespace orderhub::providers::shippo
