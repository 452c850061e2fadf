#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/seen_object.hpp"
#include "journal/base/ids.hpp"
#include "journal/record.hpp"
#include "providers/policy/answer.hpp"
#include "providers/transport.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace orderhub::host {

/// One activation of one object: from the moment it is built from the journal to the moment it
/// leaves memory.
struct activation {
  object_id object;
  std::uint64_t incarnation = 0; ///< Never the same twice in one process.
};

/// A turn of an object, as others may ask whether it is on disk.
struct turn_ref {
  std::shared_ptr<const std::atomic<std::uint64_t>> durable; ///< How many of its turns are.
  std::uint64_t number = 0;                                  ///< This one's, from 1.
  /// All that it follows from and that came from outside (inputs, words of people) is on disk.
  bool grounded = false;

  [[nodiscard]] bool is_durable() const { return !durable || durable->load() >= number; }
};

// ── What an object is told ───────────────────────────────────────────────────────────────────

/// A checked call from outside.
struct external_input {
  invocation_id invocation; ///< The one that it becomes where it is new.
  journal::input_payload input;
  bool one_way = false;
  responder_ptr to;
  std::shared_ptr<void> held = nullptr; ///< See `call_request`.
};
/// Someone resolves or rejects an awakeable.
struct awakeable_input {
  awakeable_id id;
  result<std::string> value;
  responder_ptr to;
};
/// A person acts on an invocation of the object, or (zeros) on all of it.
struct operator_input {
  invocation_id invocation;
  journal::operator_payload action;
  responder_ptr to;
  /// Of a cancel: the handler that does it, begun without a body in the same turn, as `invocation`.
  std::string begins{};
  std::vector<seen_object> unchanged{}; ///< As `operator_request` has it.
};
/// A vendor answered, or did not. The call's place is free when this goes, so after what the answer
/// showed was learned.
struct vendor_outcome {
  durable::call_ref ref;
  std::uint64_t incarnation = 0; ///< Of the object that asked; another one has other calls out.
  providers::transport_outcome outcome;
  place_lease place;
  /// What it says, where it was read apart (`object_host::read_apart`).
  std::optional<providers::answer_reading> reading = std::nullopt;
};
/// A place on the wire is kept for an effect that waits for one.
struct place_offered {
  place_offer offer;
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

} // namespace orderhub::host
