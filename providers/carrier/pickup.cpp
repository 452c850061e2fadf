#include "providers/carrier/pickup.hpp"

#include "providers/contracts/job_calls.hpp"

namespace orderhub::providers::carrier {

namespace {

constexpr contracts::job_kind kind{"carrier",
                                   "/v1/pickups",
                                   "unknown_pickup",
                                   {{"requested", "scheduled"}, "picked_up"},
                                   "carrier.request_pickup",
                                   "carrier.cancel_pickup",
                                   "carrier.read_pickup"};
using calls = contracts::job_calls<kind>;

} // namespace

operation<contracts::job_outcome> request_pickup(const contracts::job_request& request) {
  return calls::create(request);
}

operation<contracts::job_outcome> cancel_pickup(const step_ref& ref) {
  return calls::cancel(ref);
}

operation<contracts::job_outcome> read_pickup(const step_ref& ref) {
  return calls::read(ref);
}

} // namespace orderhub::providers::carrier
