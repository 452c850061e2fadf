#pragma once
#include "actors/durable/effect_machine.hpp"
#include "actors/durable/service.hpp"
#include "actors/host/admission.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/waiters.hpp"
#include "journal/hub_journal.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace orderhub::host {

/// What all objects of one host share: things that are immutable after start or thread-safe by
/// themselves. Outlives every object and every responder that the host was given.
struct host_context {
  const journal::hub_journal& journal; ///< Read here; written only through `object_host::append`.
  const durable::service_registry& services;
  const durable::environment& env;
  waiter_table waiters = {};
  response_table responses = {};
  host::admission admission = {};
  /// Places on the wire. Set before the first object; a call may keep it longer than the host.
  std::shared_ptr<vendor_gate> gate = {};
  std::atomic<std::uint64_t> failures{0}; ///< Events whose handling threw.
};

} // namespace orderhub::host
