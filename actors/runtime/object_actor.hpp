#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// One virtual object while it is active. A thin shell around `durable::object_machine`: gives it
/// events, queues its turns for the writer, and lets their consequences go when they are durable.
caf::behavior object_actor(caf::event_based_actor* self, hub_context* hub, caf::actor directory,
                           object_id id);

/// Whoever waits for this event alone is told; an offered place goes to the next.
void refuse(hub_context& hub, object_event& event, const host::call_response& reply);

} // namespace orderhub::runtime
