#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/object_event.hpp"
#include "actors/runtime/key_lanes.hpp"
#include "journal/base/secret.hpp"
#include "providers/policy/answer.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

namespace orderhub::runtime {

/// Shared only so that a CAF message can hold it; it has one reader, who moves out of it.
using shared_event = std::shared_ptr<host::object_event>;
template <class Event>
shared_event make_event(Event e) {
  return std::make_shared<host::object_event>(std::move(e));
}

/// For a shard: give this to the object, activating it if needed.
struct route_message {
  object_id object;
  shared_event event;
  /// Of a message from another object: what it follows from. Until that is durable, only memory
  /// holds what the message said.
  host::turn_ref source = {};
};
/// For a shard: of one activation, and nobody's once that has ended.
struct event_message {
  shared_event event;
  std::uint64_t incarnation = 0;
};
/// Back at the shard: everything that a failed object, and whoever told it something, had queued is
/// on disk, so it may be built anew.
struct drained_message {
  object_id object;
};

/// For a gateway actor.
struct gateway_call {
  std::shared_ptr<host::call_request> request;
  host::responder_ptr to;
  bool is_inside = false;                    ///< The program itself speaks.
  std::optional<key_lanes::place> from = {}; ///< None: it came through no lane.
};
struct gateway_attach {
  std::shared_ptr<host::invocation_target> target;
  bool wait = false;
  host::responder_ptr to;
};
struct gateway_awakeable {
  std::string id; ///< As it came.
  std::shared_ptr<host::awakeable_input> input;
};

/// Who wants the outcome of a call: an object, or `done`, which is called on the transport's
/// thread.
struct call_asker {
  caf::actor shard;
  std::uint64_t incarnation = 0; ///< Of the object that asks.
  providers::transport::callback done = nullptr;
};
/// For the reader of long answers: a `vendor_outcome`, for its object when it has its reading.
struct long_answer {
  std::shared_ptr<const providers::answer_reader> reader;
  shared_event event;
  caf::actor shard;
};

/// What is added to each request to one vendor.
struct credentials {
  std::vector<std::pair<std::string, secret>> headers;
  secret path;
  std::shared_ptr<const providers::token_client> token;
};
/// For a provider actor, which answers whether they count from now on.
struct new_credentials {
  std::shared_ptr<const credentials> them;
};

/// For the timer service.
struct wake_at {
  object_id object;
  std::int64_t due = 0; ///< Steady milliseconds.
};

/// For a shard: a person wants a paused object to be tried again.
struct unpause_message {
  object_id object;
  host::responder_ptr to;
};

} // namespace orderhub::runtime

CAF_BEGIN_TYPE_ID_BLOCK(orderhub_runtime, first_custom_type_id)
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::event_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::route_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::gateway_call))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::gateway_attach))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::gateway_awakeable))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::drained_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::new_credentials))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::unpause_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::wake_at))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::long_answer))
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, stop_atom, "stop")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, durable_atom, "durable")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, sweep_atom, "sweep")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, resume_atom, "resume")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, gate_atom, "gate")
CAF_END_TYPE_ID_BLOCK(orderhub_runtime)

// None of them leaves the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::event_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::route_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::gateway_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::gateway_attach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::gateway_awakeable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::drained_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::new_credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::unpause_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::wake_at)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::long_answer)
