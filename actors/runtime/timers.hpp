#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Wakes objects that were passivated while they wait for a time. Holds what is due in the next two
/// minutes; what is later it finds in the journal when its time comes near.
caf::behavior timer_service(caf::event_based_actor* self, hub_context* hub);

} // namespace orderhub::runtime
