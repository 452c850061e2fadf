#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Owns what calls to its vendor are sent with, base URL and secrets, and replaces it in the
/// vendor's line. It answers when it has: every call that leaves after that has the new ones.
caf::behavior provider_actor(caf::event_based_actor* self, vendor_line* line);

provider spawn_provider(caf::actor_system& system, hub_context& hub,
                        const providers::endpoint& endpoint);

} // namespace orderhub::runtime
