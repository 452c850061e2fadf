#include "actors/handlers/fulfilment/fulfilment_service.hpp"

#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/fulfilment/fulfil.hpp"
#include "actors/handlers/fulfilment/fulfilment_event.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/fulfilment/fulfilment_view.hpp"
#include "actors/handlers/fulfilment/jobs.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_definition;
using durable::handler_mode;

result<std::string> checked(std::string_view, std::string_view body) {
  auto wanted = check_fulfilment(body);
  if (!wanted)
    return wanted.failure();
  return wanted->encode();
}

std::string content_of(std::string_view body) {
  const auto wanted = fulfilment_wanted::decode(body);
  return wanted ? fulfilment_content(*wanted) : std::string(body);
}

/// What it is of is fixed by its first request: nothing leads from another order to it, so that
/// order's customer could not be erased here.
result<void> is_of_its_order(const journal::object_state& state, std::string_view body) {
  const auto* first = first_request(state);
  const auto sent = fulfilment_wanted::decode(body);
  const auto known = first != nullptr ? fulfilment_wanted::decode(*first) : sent;
  if (sent && known && known->order_id != sent->order_id)
    return fail(of_something_else(state.id.key, differing_parts(*known, *sent)));
  return {};
}

} // namespace

durable::service_definition fulfilment_service(settings_ptr settings) {
  durable::service_definition service;
  service.merge = &merge_fulfilment;

  handler_definition fulfil_it;
  fulfil_it.run = [settings](context ctx, std::string body) {
    return fulfil(ctx, std::move(body), settings);
  };
  fulfil_it.validate = &checked;
  fulfil_it.content = &content_of;
  fulfil_it.admit = &is_of_its_order;
  service.handlers.emplace(fulfil_handler, std::move(fulfil_it));

  handler_definition get;
  get.mode = handler_mode::read;
  get.read = [settings](const durable::read_view& view, std::string_view) {
    return fulfilment_status(view, settings->call_after_ms);
  };
  service.handlers.emplace("GetStatus", std::move(get));

  handler_definition cancel;
  cancel.mode = handler_mode::shared;
  cancel.passes_pause = true;
  cancel.run = &cancel_fulfilment;
  cancel.validate = [](std::string_view, std::string_view) -> result<std::string> {
    return std::string();
  };
  service.handlers.emplace("CancelFulfillment", std::move(cancel));

  handler_definition compensate;
  compensate.internal = true;
  compensate.cancellable = false;
  compensate.run = [settings](context ctx, std::string body) {
    return compensate_fulfilment(ctx, std::move(body), settings);
  };
  service.handlers.emplace("CompensateFulfilment", std::move(compensate));

  for (const auto* kind : {&pick_ticket, &pickup}) {
    handler_definition follow;
    follow.mode = handler_mode::shared;
    follow.internal = true;
    follow.run = [settings, kind](context ctx, std::string body) {
      return follow_job_once(ctx, std::move(body), settings, kind);
    };
    service.handlers.emplace(std::string(kind->asks->handler), std::move(follow));
  }

  handler_definition event;
  event.mode = handler_mode::event;
  event.internal = true;
  event.event = &record_job_event;
  service.handlers.emplace("RecordEvent", event);
  event.event = &record_shipped_notices;
  service.handlers.emplace("RecordDeliveries", event);
  event.event = &stop_fulfilment_now;
  service.handlers.emplace("StopFulfilment", event);
  return service;
}

} // namespace orderhub::handlers
