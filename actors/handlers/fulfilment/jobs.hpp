#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/fulfilment/fulfilment_run.hpp"
#include "providers/contracts/job.hpp"
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What is left to a service for hours or days, and awaited: the warehouse's pick ticket, the
/// carrier's pickup. One of a kind an order.
struct job_kind {
  std::string_view service; ///< For people: `the warehouse`.
  std::string_view undone;  ///< What did not happen: `has not packed the goods`.
  std::string_view create_step, cancel_step, read_step;
  job_fact fulfilment_facts::* fact;
  const follower* asks; ///< Who asks how it stands while nobody says so.
  bool has_items = false;
  providers::operation<providers::contracts::job_outcome> (*create)(
      const providers::contracts::job_request&);
  providers::operation<providers::contracts::job_outcome> (*cancel)(const providers::step_ref&);
  providers::operation<providers::contracts::job_outcome> (*read)(const providers::step_ref&);
};
extern const job_kind pick_ticket;
extern const job_kind pickup;

/// What the service's word for how it stands teaches.
fulfilment_facts learned_of(const job_kind& kind, const providers::contracts::job_outcome& outcome);

/// Has the service do it, once, and waits until it is done, at most so long: somebody resolves its
/// awakeable, an event says so (`RecordEvent`), or the service says so when it is asked. Ends the
/// round where it is refused, fails, or takes too long.
durable::task<void> have_done(fulfilment_run run, const job_kind* kind, std::int64_t within_ms);

/// The service does not do it any more. Where the carrier says that it is too late, the parcel has
/// left (`has_left`); for any other refusal a person is called.
durable::task<void> call_off(fulfilment_run run, const job_kind* kind);

/// `FollowTicket`, `FollowPickup`: asks the service once how it stands, tells the fulfilment, and
/// begins the next one after a pause. The body is an encoded `follow_up`.
durable::handler_task follow_job_once(durable::context ctx, std::string body, settings_ptr settings,
                                      const job_kind* kind);

} // namespace orderhub::handlers
