#include "actors/handlers/orders/order_service.hpp"

#include "actors/handlers/custom/custom_service.hpp"
#include "actors/handlers/orders/cancel_order.hpp"
#include "actors/handlers/orders/changed_order.hpp"
#include "actors/handlers/orders/extra_payment.hpp"
#include "actors/handlers/orders/free_goods.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order_content.hpp"
#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/order_webhook.hpp"
#include "actors/handlers/orders/parcel_left.hpp"
#include "actors/handlers/orders/payment_outcome.hpp"
#include "actors/handlers/orders/process_order.hpp"
#include "actors/handlers/orders/refund_order.hpp"
#include "actors/handlers/orders/refund_outcome.hpp"
#include "actors/handlers/orders/refund_request.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;

result<std::string> no_body_or_json(std::string_view, std::string_view) {
  return std::string();
}

} // namespace

durable::service_definition order_service(settings_ptr settings) {
  using durable::handler_definition;
  using durable::handler_mode;
  durable::service_definition service;
  service.merge = &merge_order_entry;

  handler_definition process;
  process.run = [settings](context ctx, std::string body) {
    return process_order(ctx, std::move(body), settings);
  };
  process.validate = [settings](std::string_view, std::string_view body) -> result<std::string> {
    auto o = check_order(body, settings->rules);
    if (!o)
      return o.failure();
    return o->encode();
  };
  process.content = [](std::string_view body) {
    auto o = order::decode(body);
    return o ? canonical_content(*o) : std::string(body);
  };
  process.admit = &may_wait;
  process.enrich = &client_secret_for;
  service.handlers.emplace("ProcessOrder", std::move(process));

  handler_definition get;
  get.mode = handler_mode::read;
  get.read = [settings](const durable::read_view& view, std::string_view) {
    return get_order(view, settings->call_after_ms);
  };
  get.enrich = &client_secret_for;
  service.handlers.emplace("GetOrder", std::move(get));

  handler_definition cancel;
  cancel.mode = handler_mode::shared;
  cancel.passes_pause = true;
  cancel.run = &cancel_order;
  cancel.validate = &no_body_or_json;
  service.handlers.emplace("CancelOrder", std::move(cancel));

  handler_definition refund;
  refund.run = [settings](context ctx, std::string body) {
    return refund_order(ctx, std::move(body), settings);
  };
  refund.validate = [](std::string_view, std::string_view body) -> result<std::string> {
    auto wanted = check_refund(body);
    if (!wanted)
      return wanted.failure();
    return wanted->encode();
  };
  service.handlers.emplace("RefundOrder", std::move(refund));

  handler_definition compensate_it;
  compensate_it.internal = true;
  compensate_it.cancellable = false;
  compensate_it.run = [settings](context ctx, std::string body) {
    return compensate_order(ctx, std::move(body), settings);
  };
  service.handlers.emplace("CompensateOrder", std::move(compensate_it));

  handler_definition free_them;
  free_them.internal = true;
  free_them.cancellable = false;
  free_them.run = [settings](context ctx, std::string body) {
    return free_goods(ctx, std::move(body), settings);
  };
  service.handlers.emplace("FreeGoods", std::move(free_them));

  // What a vendor has not decided is asked for again.
  const auto add = [&](const char* name, handler_mode mode,
                       handler_task (*run)(context, std::string, settings_ptr)) {
    handler_definition h;
    h.mode = mode;
    h.internal = true;
    h.run = [settings, run](context ctx, std::string body) {
      return run(ctx, std::move(body), settings);
    };
    service.handlers.emplace(name, std::move(h));
  };
  add("FollowPayment", handler_mode::shared, &follow_payment_once);
  add("SettlePayment", handler_mode::exclusive, &settle_payment);
  add("FollowRefund", handler_mode::shared, &follow_refund_once);
  add("TellProviders", handler_mode::shared, &tell_providers);
  add("GiveExtraBack", handler_mode::shared, &give_extra_back_once);

  handler_definition record;
  record.mode = handler_mode::event;
  record.internal = true;
  record.event = &record_event;
  service.handlers.emplace("RecordEvent", record);
  record.event = [settings](const journal::object_state& state, std::string_view body) {
    return record_webhook(state, body, settings);
  };
  service.handlers.emplace("RecordWebhook", record);
  record.event = &awaits_parcel;
  service.handlers.emplace("AwaitsParcel", record);
  for (const auto& [handler, event] : facts_from_others) {
    record.event = [name = event](const journal::object_state& state, std::string_view body) {
      return record_facts(name, state, body);
    };
    service.handlers.emplace(handler, record);
  }
  record.event = &claim_fulfilment;
  service.handlers.emplace("ClaimFulfilment", record);
  record.event = &release_fulfilment;
  service.handlers.emplace("ReleaseFulfilment", record);
  record.event = &forward_fulfilment_event;
  service.handlers.emplace("RecordFulfilment", record);
  record.event = &record_pickup;
  service.handlers.emplace("RecordPickup", record);
  return service;
}

} // namespace orderhub::handlers
