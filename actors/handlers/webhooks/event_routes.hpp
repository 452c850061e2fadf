#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/webhooks/receipt.hpp"

#include <string>
#include <vector>

namespace orderhub::handlers {

/// An object that hears of an event.
struct event_route {
  object_id object;
  bool concludes = true; ///< It says what became of it.
};

/// Who hears of an event about `order_id`: by its kind; nobody where none can be meant,
/// as by a text that is no order's key.
std::vector<event_route> routes_of(providers::webhooks::event_kind kind,
                                   const std::string& order_id);

} // namespace orderhub::handlers
