#include "providers/warehouse/pick_ticket.hpp"

#include "providers/contracts/job_calls.hpp"

namespace orderhub::providers::warehouse {

namespace {

constexpr contracts::job_kind kind{"warehouse",
                                   "/v1/pick_tickets",
                                   "unknown_pick_ticket",
                                   {{"open", "picking"}, "packed"},
                                   "warehouse.create_pick_ticket",
                                   "warehouse.cancel_pick_ticket",
                                   "warehouse.read_pick_ticket"};
using calls = contracts::job_calls<kind>;

} // namespace

operation<contracts::job_outcome> create_pick_ticket(const contracts::job_request& request) {
  return calls::create(request);
}

operation<contracts::job_outcome> cancel_pick_ticket(const step_ref& ref) {
  return calls::cancel(ref);
}

operation<contracts::job_outcome> read_pick_ticket(const step_ref& ref) {
  return calls::read(ref);
}

} // namespace orderhub::providers::warehouse
