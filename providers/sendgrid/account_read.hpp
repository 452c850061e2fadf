#pragma once
#include "providers/live_read.hpp"
#include "providers/vendor.hpp"

#include <vector>

namespace orderhub::providers::sendgrid {

/// `GET /v3/scopes` (twilio.com/docs/sendgrid/api-reference/api-key-permissions/
/// retrieve-a-list-of-scopes-for-which-this-user-has-access): any key may ask what it may do;
/// `mail.send` must be among it.
std::vector<live_read> account_reads(const vendor_configuration& configured);

} // namespace orderhub::providers::sendgrid
