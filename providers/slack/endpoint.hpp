#pragma once
#include "providers/vendor.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace orderhub::providers::slack {

/// Slack as a vendor that can be configured: settings, defaults, mode. It has two endpoints:
/// `slack` (a bot, the Web API) and `slack_webhook` (an incoming webhook).
vendor describe();

/// What is told in a channel.
enum class announcement : std::uint8_t {
  new_order,
  failed,    ///< Payments.
  confirmed, ///< And tracking numbers that came later.
  cancelled,
  refunded,  ///< And refunds that failed.
  delivered, ///< Where the parcel is: on its way, delivered, coming back.
  deployment,
};
inline constexpr std::size_t announcement_count = 7;

/// The channel for it, an id or a name: its own; else that of failed payments for a cancel or
/// refund, and of confirmed orders for a parcel; else the common one, else a sample.
std::string channel_of(const vendor_configuration& configured, announcement what);

} // namespace orderhub::providers::slack
