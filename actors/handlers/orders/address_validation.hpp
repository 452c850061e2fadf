#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "journal/base/error.hpp"

#include <optional>

namespace orderhub::handlers {

/// Asks Shippo about the address of `run.sent()`, where the request or the settings wish it: 400
/// where it says that there is none such. An address that it does not check, or of which it says
/// nothing within 10 s, is taken: the label will show. A cancel meanwhile undoes the order, or
/// fails the run where there is none yet. Looks at the facts again afterwards.
durable::task<std::optional<error>> validate_address(order_run run);

} // namespace orderhub::handlers
