#pragma once
#include "providers/live_read.hpp"
#include "providers/vendor.hpp"

#include <vector>

namespace orderhub::providers::slack {

/// `POST /api/auth.test` (docs.slack.dev/reference/methods/auth.test), which needs no scope: the
/// team. There is no read for an incoming webhook.
std::vector<live_read> account_reads(const vendor_configuration& configured);

} // namespace orderhub::providers::slack
