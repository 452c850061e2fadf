#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// One virtual object while it is active: `host::hosted_object` as an actor, with the journal's
/// writer, CAF's clock and the directory as its host.
caf::behavior object_actor(caf::event_based_actor* self, hub_context* hub, caf::actor directory,
                           object_id id);

} // namespace orderhub::runtime
