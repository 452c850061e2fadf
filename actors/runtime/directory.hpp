#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Knows which objects are active. Every message to an object goes through it, so it can tell
/// whether one that says it is idle has more on its way: then it stays, else it is dropped.
caf::behavior directory_actor(caf::event_based_actor* self, hub_context* hub, caf::actor timers);

} // namespace orderhub::runtime
