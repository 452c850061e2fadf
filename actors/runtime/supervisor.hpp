#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"
#include "journal/base/ids.hpp"

#include <memory>
#include <vector>

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Gives the resumed objects to their shards a few at a time, and ends.
caf::behavior supervisor_actor(caf::event_based_actor* self, hub_context* hub,
                               std::shared_ptr<std::vector<object_id>> objects);

} // namespace orderhub::runtime
