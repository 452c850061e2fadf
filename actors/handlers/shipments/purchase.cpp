#include "actors/handlers/shipments/purchase.hpp"

#include "actors/handlers/custom/custom_call.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/delivery_change.hpp"
#include "actors/handlers/shipments/extra_label.hpp"
#include "actors/handlers/shipments/label_order.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/seek_label.hpp"
#include "actors/handlers/shipments/shipment_request.hpp"
#include "actors/handlers/shipments/tracking.hpp"
#include "actors/handlers/shipments/tracking_registration.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/create_shipment.hpp"
#include "providers/shippo/rates.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
namespace shippo = providers::shippo;

namespace {

constexpr std::int64_t label_retry_max_ms = 3'600'000;
constexpr std::uint8_t plan_version = 6; // The first had none, and began with the size of a text.

result<std::string> journaled_plan(settings_ptr s) {
  byte_writer w(256);
  w.u8(plan_version);
  put(w, s->ship_from);
  put(w, s->parcel);
  put(w, s->rules.delivery.customs);
  w.i64(s->label_retry_ms);
  w.str8(s->label_rate);
  w.u8(s->registers_tracking ? 1 : 0);
  w.u8(s->label_events ? 1 : 0);
  w.u8(hooks_of(*s));
  w.i64(s->parcel_sweep_after_ms);
  return w.take();
}

durable::task<result<shipment_plan>> decide_plan(context ctx, settings_ptr s) {
  auto text = co_await ctx.run("plan", &journaled_plan, s);
  if (!text)
    co_return text.failure();
  byte_reader r(*text);
  const auto version = r.u8();
  shipment_plan plan;
  plan.from = get_address(r);
  plan.parcel = get_parcel(r);
  plan.customs = get_customs_settings(r);
  plan.label_retry_ms = r.i64();
  plan.rate = r.str8();
  plan.registers_tracking = r.u8() != 0;
  plan.label_events = r.u8() != 0;
  plan.hooks = r.u8();
  plan.parcel_sweep_after_ms = r.i64();
  if (version != plan_version || !r.done())
    co_return fail({error_kind::corrupt, "shipment", "the plan cannot be read"});
  co_return plan;
}

/// The order was cancelled, refunded or disputed while its label was bought, or before.
error stopped_error() {
  return {error_kind::rejected, std::string(shipment_stopped), "the shipment was stopped", 409};
}

/// What is known of this shipment's purchases so far, as of now.
durable::task<result<purchase_state>> look_at_purchases(context ctx) {
  auto recorded = co_await ctx.get("purchase");
  if (!recorded)
    co_return purchase_state();
  co_return purchase_state::decode(*recorded);
}

/// The delivery as it was changed last, for this purchase.
result<label_order> as_changed(label_order asked, const purchase_state& purchase) {
  if (!purchase.delivery.empty()) {
    auto changed = label_order::decode(purchase.delivery);
    if (!changed)
      return changed.failure();
    changed->compensate = asked.compensate;
    changed->report = asked.report;
    asked = std::move(*changed);
  }
  asked.attempt = purchase.attempt;
  return asked;
}

/// `error::where` of a purchase that was given up for another delivery, before anything was bought.
constexpr std::string_view goes_elsewhere = "shipment.goes_elsewhere";

/// Its parcel is followed as the settings say; `track_parcel` does it when there is a number.
void wish_for_parcel(context ctx, const shipment_plan& plan, const shippo::rate& of) {
  if (!plan.registers_tracking && plan.parcel_sweep_after_ms <= 0)
    return;
  const parcel_wishes wishes{shippo::carrier_of(of), plan.registers_tracking,
                             plan.parcel_sweep_after_ms};
  ctx.set(parcel_entry, wishes.encode());
}

/// Buys the label once: rates, the one that is wanted, purchase. The rate id is journaled before it
/// is bought; it is what a look-up asks for.
durable::task<result<shippo::label_outcome>> buy_once(context ctx, label_order wanted,
                                                      shipment_plan plan, std::uint32_t changes,
                                                      settings_ptr settings) {
  auto attempt = std::to_string(wanted.attempt);
  if (changes > 0)
    attempt += '.' + std::to_string(changes);
  auto request = shipment_request_of(ctx.step("shipment", attempt), wanted, plan);
  if (!request)
    co_return request.failure();
  auto create = shippo::create_shipment(*request);
  auto shipment = co_await ctx.effect(std::move(create));
  if (!shipment && shipment.error().kind == error_kind::cancelled)
    co_return shipment.failure();
  // One that was bought before this hub was restored from a copy is not bought again.
  if (shipment) {
    auto forgotten = co_await seek_forgotten_label(ctx, std::move(settings));
    if (!forgotten)
      co_return forgotten.failure();
    if (*forgotten) {
      // Chosen by the same rule as this one, so by the same carrier.
      const auto alike =
          shippo::choose_rate(shipment->rates, wanted.rate.empty() ? plan.rate : wanted.rate);
      if (alike)
        wish_for_parcel(ctx, plan, *alike);
      co_return std::move(**forgotten);
    }
  }
  // As of now: nothing is bought for an order that was stopped meanwhile, or that goes elsewhere.
  // Between this and the purchase nothing gets in, and from here on nothing changes it.
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return fail(stopped_error());
  auto purchase = co_await look_at_purchases(ctx);
  if (!purchase)
    co_return purchase.failure();
  if (purchase->changes != changes)
    co_return fail({error_kind::rejected, std::string(goes_elsewhere), "the delivery was changed"});
  if (!shipment)
    co_return shipment.failure();
  const auto rate =
      shippo::choose_rate(shipment->rates, wanted.rate.empty() ? plan.rate : wanted.rate);
  if (!rate)
    co_return rate.failure();
  purchase->buying = true;
  ctx.set("purchase", purchase->encode());
  wish_for_parcel(ctx, plan, *rate);
  shippo::label_request order;
  order.ref = ctx.step("label", attempt);
  order.rate_id = rate->id;
  auto buy_it = shippo::buy_label(order);
  auto label = co_await ctx.effect(std::move(buy_it));
  co_return label;
}

/// Buys it for the delivery as it was changed last, in the place of a purchase that was to come
/// later.
durable::task<result<shippo::label_outcome>> buy(context ctx, label_order asked, shipment_plan plan,
                                                 settings_ptr settings) {
  bool begun = false;
  for (;;) {
    auto purchase = co_await look_at_purchases(ctx);
    if (!purchase)
      co_return purchase.failure();
    if (!begun && purchase->later && *purchase->later != ctx.invocation())
      ctx.cancel(ctx.object(), *purchase->later);
    begun = true;
    auto wanted = as_changed(asked, *purchase);
    if (!wanted)
      co_return wanted.failure();
    auto label = co_await buy_once(ctx, std::move(*wanted), plan, purchase->changes, settings);
    if (label || label.error().where != goes_elsewhere)
      co_return label;
  }
}

/// Whoever is to hear of it does, by the order.
void tell_shipped(context ctx, const shipment_plan& plan, const shippo::label_outcome& label) {
  using providers::custom::hook;
  if ((plan.hooks & static_cast<std::uint8_t>(hook::shipped)) == 0)
    return;
  hook_event event;
  event.what = hook::shipped;
  event.label_id = label.transaction_id;
  event.tracking_number = label.tracking_number;
  ctx.send(order_object(ctx.key()), "TellProviders", event.encode());
}

/// Paid goods ship sooner or later: tried again with new rates after a pause, by an invocation of
/// its own, so that no journal grows for ever.
durable::task<void> try_again_later(context ctx, label_order refused, shipment_plan plan,
                                    std::string why) {
  auto purchase = co_await look_at_purchases(ctx);
  if (!purchase)
    co_return; // `buy` could read it, in this same turn.
  const auto shift = std::min<std::uint32_t>(purchase->refusals, 20);
  const auto pause = std::min(plan.label_retry_ms << shift, label_retry_max_ms);
  auto again = refused;
  again.report = true;
  purchase->later = ctx.send(ctx.object(), "BuyLabel", again.encode(), pause);
  ++purchase->attempt;
  ++purchase->refusals;
  purchase->buying = false;
  ctx.set("purchase", purchase->encode());
  ctx.set("refused", why);
  if (refused.report)
    report_refusal(ctx, why);
}

/// A person looks whether there is a label: by the policy in doubt nothing else does, and with new
/// rates a second one would be bought. It stays as a purchase that is under way.
void leave_to_a_person(context ctx, const label_order& wanted, const std::string& why) {
  ctx.set("refused", why);
  ctx.set(missed_entry, why);
  if (wanted.report)
    report_refusal(ctx, why);
}

} // namespace

handler_task buy_label(context ctx, std::string body, settings_ptr settings) {
  auto wanted = label_order::decode(body);
  if (!wanted)
    co_return wanted.failure();

  // 1. There is a label already, or none may be bought any more.
  auto bought = co_await ctx.get("label");
  if (bought)
    co_return std::move(*bought);
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return fail(stopped_error());

  // 2. It is bought, from where and by what the settings say now.
  auto plan = co_await decide_plan(ctx, settings);
  if (!plan)
    co_return plan.failure();
  auto label = co_await buy(ctx, *wanted, *plan, settings);

  // 3. Bought: that is what this shipment has from now on.
  if (label) {
    void_extra_labels(ctx, *label);
    ctx.set("label", label->encode());
    if (plan->label_events) {
      name_id(ctx, "shippo", label->transaction_id, {ctx.key(), {}, {}});
      name_id(ctx, "shippo", label->tracking_number, {ctx.key(), {}, {}});
    }
    if (label->tracking_number.empty())
      co_await await_tracking(ctx, settings, label->transaction_id);
    else
      co_await track_parcel(ctx, label->tracking_number);
    tell_shipped(ctx, *plan, *label);
    if (wanted->report)
      report_label(ctx, label->encode());
    co_return label->encode();
  }

  // 4. Stopped meanwhile; or the carrier has definitely said no.
  if (label.error().kind == error_kind::cancelled || label.error().where == shipment_stopped)
    co_return fail(stopped_error());
  if (label.error().kind == error_kind::corrupt)
    co_return label.failure();
  if (label.error().kind == error_kind::missed)
    leave_to_a_person(ctx, *wanted, label.error().message);
  else if (!wanted->compensate)
    co_await try_again_later(ctx, *wanted, *plan, label.error().message);
  co_return label.failure();
}

} // namespace orderhub::handlers
