#pragma once
#include "providers/live_read.hpp"
#include "providers/vendor.hpp"

#include <vector>

namespace orderhub::providers::twilio {

/// `GET …/Messages.json?PageSize=1` (twilio.com/docs/messaging/api/message-resource): the list that
/// look-ups read. Nothing of its message is kept. Test credentials are refused with 20008
/// (twilio.com/docs/api/errors/20008), which says that they are known.
std::vector<live_read> account_reads(const vendor_configuration& configured);

} // namespace orderhub::providers::twilio
