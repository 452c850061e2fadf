#pragma once
#include "providers/vendor.hpp"

namespace orderhub::providers::sendgrid {

/// SendGrid as a vendor that can be configured: settings, defaults, mode.
vendor describe();

} // namespace orderhub::providers::sendgrid
