#pragma once
#include "providers/vendor.hpp"

#include <string>

namespace orderhub::providers::github {

/// GitHub as a vendor that can be configured: settings, defaults, mode. It needs a token and a
/// repository: a token alone stands in many an environment, and means nothing to a hub.
vendor describe();

/// `owner/name` of what is deployed; empty where nothing is.
std::string repository_of(const vendor_configuration& configured);

} // namespace orderhub::providers::github
