#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"
#include "providers/registry.hpp"

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Mediates every call to one vendor: adds base URL and secrets, caps the calls in flight (the rest
/// waits here, in order; at most one call a running effect, so the objects bound it), and hands the
/// outcome to the object that asked. Limiter and breaker have their place before `start`.
caf::behavior provider_actor(caf::event_based_actor* self, hub_context* hub,
                             const providers::endpoint* endpoint);

} // namespace orderhub::runtime
