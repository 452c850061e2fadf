#pragma once
#include "providers/vendor.hpp"

#include <string>

namespace orderhub::providers::twilio {

/// Twilio as a vendor that can be configured: settings, defaults, mode.
vendor describe();

/// Who sends: a number in E.164, a sender's name, or a messaging service (`MG…`).
std::string sender_of(const vendor_configuration& configured);

} // namespace orderhub::providers::twilio
