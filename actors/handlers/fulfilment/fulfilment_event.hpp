#pragma once
#include "actors/durable/service.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <string_view>

namespace orderhub::handlers {

// The handlers of events of a fulfilment: pure, applied beside whatever runs. 404 where there is no
// such fulfilment.

/// `RecordEvent`: what the warehouse or the carrier says, by a webhook or because it was asked. The
/// body is encoded `fulfilment_facts`, of which the stands `open`, `done` and `failed` of ticket
/// and pickup, their reasons, and the tracking count; they are of the round that runs. Whoever
/// waits for it goes on. Of what was never asked for, or is decided, it says nothing.
result<durable::event_outcome> record_job_event(const journal::object_state& state,
                                                std::string_view body);

/// `RecordDeliveries`: what became of the notices. The body is encoded `order_facts`.
result<durable::event_outcome> record_shipped_notices(const journal::object_state& state,
                                                      std::string_view body);

/// `StopFulfilment`: what runs is asked to stop, and undoes what it has done.
result<durable::event_outcome> stop_fulfilment_now(const journal::object_state& state,
                                                   std::string_view body);

} // namespace orderhub::handlers
