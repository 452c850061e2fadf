#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"
#include "providers/registry.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Mediates every call to one vendor: adds base URL and secrets, which are this actor's and may be
/// replaced, and hands the outcome to the object that asked. Nothing waits here: what arrives has
/// its place from the gate, and holds it until the outcome has been handled.
caf::behavior provider_actor(caf::event_based_actor* self, hub_context* hub,
                             const providers::endpoint* endpoint);

} // namespace orderhub::runtime
