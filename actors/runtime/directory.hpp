#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Knows which objects are active. Every message to an object goes through it, so it can tell
/// whether one that says it is idle has more on its way: then it stays, else it is dropped.
caf::behavior directory_actor(caf::event_based_actor* self, hub_context* hub, caf::actor timers);

/// Wakes objects that were passivated while they wait for a time. Holds what is due in the next two
/// minutes; what is later it finds in the journal when its time comes near.
caf::behavior timer_service(caf::event_based_actor* self, hub_context* hub);

} // namespace orderhub::runtime
