#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// `host::intake` as an actor: takes in what came over HTTP. Several may run; calls of one key go
/// to the same one.
caf::behavior gateway_actor(caf::event_based_actor* self, hub_context* hub);

/// The same for large bodies, which take milliseconds to parse: to be spawned detached, so that it
/// has a thread of its own and the steps of running orders do not wait for it. Where the machine is
/// busy these go first: `nice_thread`.
caf::behavior large_body_actor(caf::event_based_actor* self, hub_context* hub);

} // namespace orderhub::runtime
