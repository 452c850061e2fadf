#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/ingress.hpp"
#include "providers/transport.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <caf/all.hpp>

namespace orderhub::runtime {

// ── What an object is told ───────────────────────────────────────────────────────────────────

/// A validated call from outside.
struct external_input {
  invocation_id invocation;
  journal::input_payload input;
  bool one_way = false;
  host::responder_ptr to;
};
/// Someone completions an awakeable.
struct awakeable_input {
  awakeable_id id;
  result<std::string> value;
  host::responder_ptr to;
};
/// A person acts on the object, or (zeros) on all of it.
struct operator_input {
  invocation_id invocation;
  journal::operator_payload action;
  host::responder_ptr to;
};
/// A vendor answered, or did not. The call's place is free when this goes, so after what the answer
/// showed was learned.
struct vendor_outcome {
  durable::call_ref ref;
  std::uint64_t incarnation = 0; ///< Of the object that asked; another one has other calls out.
  providers::transport_outcome outcome;
  host::place_lease place;
};
/// A place on the wire is kept for an effect that waits for one.
struct place_offered {
  host::place_offer offer;
};
/// Every turn of the object is durable; told only where it may have nothing left to do.
struct turn_durable {};
/// Look at the time.
struct tick {};
/// Be active: there is something to resume.
struct wake {};

/// What the object caused was not carried out, or not wholly: it is to be built anew.
struct activation_failed {
  std::uint64_t incarnation = 0;
  std::string why;
};

using object_event =
    std::variant<external_input, durable::object_message, awakeable_input, operator_input,
                 vendor_outcome, place_offered, turn_durable, tick, wake, activation_failed>;
/// Constant name of what it holds, for logs.
std::string_view name_of(const object_event& event);

/// An object given to an actor. Actors are pooled: one serves an object from its activation to its
/// passivation, an incarnation, and another one later.
struct assignment {
  object_id object;
  std::uint64_t incarnation = 0; ///< Never the same twice.
};

/// A turn of an object, as others may ask whether it is on disk.
struct turn_ref {
  std::shared_ptr<const std::atomic<std::uint64_t>> durable; ///< How many turns of the actor are.
  std::uint64_t number = 0;                                  ///< This one's, from 1.

  [[nodiscard]] bool is_durable() const { return !durable || durable->load() >= number; }
};

/// One event for one object. Shared only so that a CAF message can hold it; it has one reader, who
/// moves out of it.
struct event_message {
  std::shared_ptr<object_event> event;
  bool routed = true; ///< Came through the directory, which counts them.
  std::shared_ptr<const assignment> assigned = nullptr; ///< On the first event of an incarnation.
  /// Of a message from another object: what it follows from. Until that is durable, only memory
  /// holds what the message said.
  turn_ref source = {};
};
template <class Event>
event_message make_event(Event e, bool routed = true) {
  return {std::make_shared<object_event>(std::move(e)), routed};
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
/// From an object: handling an event threw. What was in memory is gone; the actor serves no object.
struct failed_message {
  object_id object;
  std::uint64_t incarnation = 0;
  std::string event; ///< Kind of it.
  std::string why;
  /// Objects that this one's queued turns tell something and that were not told.
  std::vector<object_id> untold;
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
};
struct gateway_attach {
  std::shared_ptr<host::invocation_target> target;
  bool wait = false;
  host::responder_ptr to;
};
struct gateway_awakeable {
  std::string id; ///< As it came.
  std::shared_ptr<awakeable_input> input;
};

/// For a provider actor: one call, and who wants the answer: an object, or `done`, which is called
/// on the transport's thread.
struct provider_call {
  std::shared_ptr<durable::vendor_call> call;
  caf::actor respond_to;
  std::uint64_t incarnation = 0; ///< Of the object that asks.
  providers::transport::callback done = nullptr;
  std::shared_ptr<host::place_lease> place = nullptr; ///< Of calls with `done`.
};
/// What a provider actor adds to each request from now on.
struct credentials {
  std::vector<std::pair<std::string, secret>> headers;
  secret path;
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
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::provider_call))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::failed_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::drained_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::new_credentials))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::unpause_message))
CAF_ADD_TYPE_ID(orderhub_runtime, (orderhub::runtime::wake_at))
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::provider_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::failed_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::drained_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::new_credentials)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::unpause_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(orderhub::runtime::wake_at)
