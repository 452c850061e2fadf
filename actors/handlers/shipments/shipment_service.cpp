#include "actors/handlers/shipments/shipment_service.hpp"

#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/delivery_change.hpp"
#include "actors/handlers/shipments/extra_label.hpp"
#include "actors/handlers/shipments/label_refund.hpp"
#include "actors/handlers/shipments/label_webhook.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/purchase.hpp"
#include "actors/handlers/shipments/tracking.hpp"
#include "actors/handlers/shipments/tracking_registration.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/void_label.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
namespace shippo = providers::shippo;

/// No label is bought from now on, and a purchase that is under way is cancelled; what is in doubt
/// is resolved first.
result<durable::event_outcome> stop(const journal::object_state&, std::string_view) {
  durable::event_outcome outcome;
  outcome.name = "stopped";
  outcome.merges.emplace_back("stopped", "1");
  outcome.cancels_running = true;
  return outcome;
}

/// A refused label was to be bought later: nobody waits for that any more.
durable::task<void> buy_none_later(context ctx) {
  auto recorded = co_await ctx.get("purchase");
  if (!recorded)
    co_return;
  const auto purchase = purchase_state::decode(*recorded);
  if (purchase && purchase->later)
    ctx.cancel(ctx.object(), *purchase->later);
}

/// Voids the label, if one was bought, and lets none be bought any more. Answers with the label's
/// facts, which the order may not have heard yet, or `null`; where nobody waits (`report`), the
/// order is told.
handler_task void_label(context ctx, std::string for_whom) {
  const bool reports = for_whom == "report";

  // 1. From now on none is bought. A purchase that was under way has ended: this is queued behind.
  ctx.set("stopped", "1");
  auto bought = co_await ctx.get("label");
  if (!bought) {
    co_await buy_none_later(ctx);
    auto missed = co_await ctx.get(missed_entry);
    if (missed) { // By its policy in doubt nobody has looked.
      const auto why = "a label may have been bought: " + *missed;
      if (reports)
        report_maybe(ctx, why);
      co_return fail({error_kind::missed, "shipment", why});
    }
    if (reports)
      report_nothing(ctx);
    co_return std::string("null");
  }
  auto label = shippo::label_outcome::decode(*bought);
  if (!label)
    co_return label.failure();

  // 2. The label is given back to the carrier.
  shippo::void_request request;
  request.ref = ctx.step("void_label");
  request.transaction_id = label->transaction_id;
  auto give_back = shippo::void_label(request);
  auto voided = co_await ctx.effect(std::move(give_back));

  // 3. Whoever waits is told; else the order.
  auto facts = bought_facts(*bought);
  if (voided) {
    facts.label_voided = true;
    follow_label_refund(ctx, *voided, label->transaction_id);
  } else {
    facts.attention["void_label"] = voided.error().message;
  }
  if (reports)
    report_facts(ctx, facts);
  if (!voided)
    co_return voided.failure();
  co_return facts.encode();
}

/// The order has stopped waiting before the label came. Queued behind the purchase, so it knows how
/// that ended. Where a refusal is to compensate the order (`compensate`), nobody else is there to
/// do it.
handler_task report_label_outcome(context ctx, std::string on_refusal) {
  auto bought = co_await ctx.get("label");
  if (bought) {
    report_label(ctx, *bought);
    co_return std::string("null");
  }
  auto stopped = co_await ctx.get("stopped");
  auto refused = co_await ctx.get("refused");
  if (stopped)
    co_return std::string("null");
  if (on_refusal == "compensate")
    ctx.send(order_object(ctx.key()), "CompensateOrder", {});
  else if (refused)
    report_refusal(ctx, *refused);
  co_return std::string("null");
}

} // namespace

durable::service_definition shipment_service(settings_ptr settings) {
  durable::service_definition service;
  auto add = [&](const char* name, bool cancellable,
                 std::function<handler_task(context, std::string)> run) {
    durable::handler_definition h;
    h.internal = true;
    h.cancellable = cancellable;
    h.run = std::move(run);
    service.handlers.emplace(name, std::move(h));
  };
  add("BuyLabel", true, [settings](context ctx, std::string body) {
    return buy_label(ctx, std::move(body), settings);
  });
  // What stops a purchase may come again while its label is voided.
  add("VoidLabel", false, &void_label);
  add("ReportLabelOutcome", false, &report_label_outcome);
  durable::handler_definition follow;
  follow.mode = durable::handler_mode::shared;
  follow.internal = true;
  follow.run = [settings](context ctx, std::string body) {
    return follow_tracking_once(ctx, std::move(body), settings);
  };
  service.handlers.emplace(std::string(tracking_follower.handler), follow);
  follow.run = [settings](context ctx, std::string body) {
    return void_extra_label_once(ctx, std::move(body), settings);
  };
  service.handlers.emplace("VoidExtraLabel", follow);
  follow.run = [settings](context ctx, std::string body) {
    return register_tracking_once(ctx, std::move(body), settings);
  };
  service.handlers.emplace("RegisterTracking", std::move(follow));
  durable::handler_definition tracked;
  tracked.mode = durable::handler_mode::event;
  tracked.internal = true;
  tracked.event = &record_tracking;
  service.handlers.emplace("RecordTracking", std::move(tracked));
  durable::handler_definition stop_it;
  stop_it.mode = durable::handler_mode::event;
  stop_it.internal = true;
  stop_it.event = &stop;
  service.handlers.emplace("CancelPurchase", stop_it);
  stop_it.event = &change_delivery;
  service.handlers.emplace("ChangeDelivery", stop_it);
  stop_it.event = [settings](const journal::object_state& state, std::string_view body) {
    return record_label_webhook(state, body, settings);
  };
  service.handlers.emplace("RecordWebhook", stop_it);
  stop_it.event = &retry_label;
  service.handlers.emplace("RetryLabel", std::move(stop_it));
  return service;
}

} // namespace orderhub::handlers
