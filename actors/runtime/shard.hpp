#pragma once
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"

#include <cstddef>

#include <caf/event_based_actor.hpp>

namespace orderhub::runtime {

/// Hosts the objects of its share of the keys (`host::hosted_object`), with the journal's writer
/// and CAF's clock behind them. All objects of one key are in one shard: what an order, its
/// shipment and its notification tell each other crosses no mailbox, and what one event moves in
/// all of them is one turn of the journal. `index` is its place in `hub_context::shards`.
caf::behavior shard_actor(caf::event_based_actor* self, hub_context* hub, caf::actor timers,
                          std::size_t index);

/// Ticks what the shards share: the gate, and the board of waits.
caf::behavior gate_keeper_actor(caf::event_based_actor* self, hub_context* hub);

/// To the shard that hosts its object, from any thread. The messages of one sender to one object
/// keep their order.
void route(const hub_context& hub, route_message message);
void route(const hub_context& hub, unpause_message message);

} // namespace orderhub::runtime
