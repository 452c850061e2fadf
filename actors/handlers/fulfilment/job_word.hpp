#pragma once
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What somebody said who resolved the awakeable of a pickup: of `{"trackingNumber": …,
/// "trackingUrl": …}` (or `tracking_number`, `tracking_url`) what may be shown to a customer.
/// Anything else, or nothing, only says that it is done.
void read_tracking(std::string_view said, fulfilment_facts& to);

/// What others wrote, cut to 200 bytes, whole characters.
std::string shortened(std::string_view text);

} // namespace orderhub::handlers
