#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/host/ingress.hpp"
#include "journal/base/ids.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace orderhub::host {

class outlet;
struct host_context;

/// What a turn of one object caused outside and what waits, therefore, for the turn to be durable
/// (output commit).
struct pending_output {
  std::vector<durable::vendor_call> calls;
  std::vector<durable::finished_call> finished;
  std::vector<invocation_id> inputs;    ///< Accepted by this turn.
  std::vector<std::uint64_t> responses; ///< Numbers in the host's table.
  /// Of the object: how many of its turns are durable, this one next. Null: it follows no turn.
  std::shared_ptr<std::atomic<std::uint64_t>> durable;
  bool tell = false; ///< The object may have nothing left to do then, and is told.
  std::vector<std::shared_ptr<void>> held = {}; ///< By inputs, until then. See `call_request`.

  [[nodiscard]] bool empty() const {
    return calls.empty() && finished.empty() && inputs.empty() && responses.empty();
  }
};

/// Lets out what a durable turn caused: acknowledgements, then calls, then results. Once, on any
/// thread. What throws holds nothing else up, and counts as a failure; where a call did not leave,
/// the object is built anew.
void release(host_context& shared, pending_output& what, outlet& out);

/// Its turn will never be: whose input or word was in it is told that nothing of it is stored.
void give_up(host_context& shared, const pending_output& what);
/// What they are told.
call_response not_taken();

/// The input is on disk: who waited for that alone is answered. How many that were.
std::size_t tell_input_durable(host_context& shared, const invocation_id& input);

} // namespace orderhub::host
