#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Reads each `long_answer` and gives it back to its object. To be spawned detached
/// (`nice_thread`), so that the steps of running orders do not wait for it. The gate's places bound
/// how many there are.
caf::behavior long_answer_actor(caf::event_based_actor* self, hub_context* hub);

} // namespace orderhub::runtime
