#pragma once
#include "providers/vendor.hpp"

#include <cstdint>
#include <string>

namespace orderhub::providers::slack {

/// Slack as a vendor that can be configured: settings, defaults, mode. It has two endpoints:
/// `slack` (a bot, the Web API) and `slack_webhook` (an incoming webhook).
vendor describe();

enum class announcement : std::uint8_t { new_order, failed, confirmed };

/// The channel for it, an id or a name: its own, else the common one, else a sample.
std::string channel_of(const vendor_configuration& configured, announcement what);

} // namespace orderhub::providers::slack
