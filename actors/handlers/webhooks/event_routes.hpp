#pragma once
#include "journal/base/ids.hpp"
#include "providers/webhooks/event.hpp"

#include <optional>
#include <string>

namespace orderhub::handlers {

/// Who hears of an event about `order_id`, and says what became of it: by its kind; nobody where
/// none can be meant, as by a text that is no order's key.
std::optional<object_id> route_of(providers::webhooks::event_kind kind,
                                  const std::string& order_id);

} // namespace orderhub::handlers
