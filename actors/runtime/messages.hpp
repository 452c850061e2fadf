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

/// One event for one object. Shared only so that a CAF message can hold it; it has one reader, who
/// moves out of it.
struct event_message {
  std::shared_ptr<host::object_event> event;
  bool routed = true; ///< Came through the directory, which counts them.
  /// On the first event of an incarnation. Actors are pooled: one serves an object from its
  /// activation to its passivation, and another one later.
  std::shared_ptr<const host::activation> assigned = nullptr;
  /// Of a message from another object: what it follows from. Until that is durable, only memory
  /// holds what the message said.
  host::turn_ref source = {};
};
template <class Event>
event_message make_event(Event e, bool routed = true) {
  return {std::make_shared<host::object_event>(std::move(e)), routed};
}

/// For the directory: give this to the object, activating it if needed.
struct route_message {
  object_id object;
  event_message event;
};
/// From an object: I have handled so many routed events and have nothing to do. `due`: wake me
/// then.
struct idle_message {
  object_id object;
  std::uint64_t incarnation = 0;
  std::uint64_t handled = 0;
  std::optional<std::int64_t> due; ///< Steady milliseconds.
};
/// From an object: its activation failed; the actor serves no object.
struct failed_message {
  host::failed_activation what;
};
/// Back at the directory: everything that a failed object, and whoever told it something, had
/// queued is on disk, so it may be built anew.
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
  caf::actor object;
  std::uint64_t incarnation = 0; ///< Of the object that asks.
  providers::transport::callback done = nullptr;
};
/// For the reader of long answers: a `vendor_outcome`, for `object` when it has its reading.
struct long_answer {
  std::shared_ptr<const providers::answer_reader> reader;
  std::shared_ptr<host::object_event> event;
  caf::actor object;
};
/// What a provider actor adds to each request from now on.
struct credentials {
  std::vector<std::pair<std::string, secret>> headers;
  secret path;
  std::shared_ptr<const providers::token_client> token;
};
struct new_credentials {
  std::shared_ptr<const credentials> them;
};

/// For the timer service.
struct wake_at {
  object_id object;
  std::int64_t due = 0; ///< Steady milliseconds.
};

/// For the directory: a person wants a paused object to be tried again.
struct unpause_message {
  object_id object;
  host::responder_ptr to;
};

} // namespace orderhub::runtime

CAF_BEGIN_TYPE_ID_BLOCK(orderhub_runtime, first_custom_type_id)
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::event_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::route_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::idle_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::gateway_call))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::gateway_attach))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::gateway_awakeable))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::failed_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::drained_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::new_credentials))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::unpause_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::wake_at))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::long_answer))
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, stop_atom, "stop")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, release_atom, "release")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, sweep_atom, "sweep")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, resume_atom, "resume")
CAF_ADD_ATOM(orderhub_runtime, orderhub::runtime, gate_atom, "gate")
CAF_END_TYPE_ID_BLOCK(orderhub_runtime)

// None of them leaves the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::event_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::route_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::idle_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::gateway_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::gateway_attach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::gateway_awakeable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::failed_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::drained_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::new_credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::unpause_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::wake_at)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::long_answer)
