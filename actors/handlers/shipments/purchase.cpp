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
#include <memory>
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

/// What is bought, and by which settings. One for all steps: thousands of frames wait for Shippo at
/// once, and none of them holds a copy.
struct label_purchase {
  label_order wanted;
  shipment_plan plan;
  settings_ptr settings;

  /// As the caller says, or the settings.
  [[nodiscard]] const std::string& rate() const {
    return wanted.rate.empty() ? plan.rate : wanted.rate;
  }
};
using purchase_ptr = std::shared_ptr<const label_purchase>;

result<std::shared_ptr<label_purchase>> purchase_of(const std::string& body,
                                                    settings_ptr settings) {
  auto wanted = label_order::decode(body);
  if (!wanted)
    return wanted.failure();
  auto purchase = std::make_shared<label_purchase>();
  purchase->wanted = std::move(*wanted);
  purchase->settings = std::move(settings);
  return purchase;
}

durable::task<result<void>> decide_plan(context ctx, std::shared_ptr<label_purchase> purchase) {
  auto text = co_await ctx.run("plan", &journaled_plan, purchase->settings);
  if (!text)
    co_return text.failure();
  byte_reader r(*text);
  const auto version = r.u8();
  auto& plan = purchase->plan;
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
  co_return result<void>();
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

/// The same for the delivery as it was changed last.
result<purchase_ptr> as_changed(const purchase_ptr& asked, const purchase_state& known) {
  if (known.delivery.empty() && known.attempt == asked->wanted.attempt)
    return asked;
  auto changed = std::make_shared<label_purchase>(*asked);
  if (!known.delivery.empty()) {
    auto wanted = label_order::decode(known.delivery);
    if (!wanted)
      return wanted.failure();
    wanted->compensate = asked->wanted.compensate;
    wanted->report = asked->wanted.report;
    changed->wanted = std::move(*wanted);
  }
  changed->wanted.attempt = known.attempt;
  return changed;
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

/// The step that asks Shippo for rates has begun.
result<durable::future<shippo::shipment_outcome>>
ask_for_rates(context ctx, const label_purchase& purchase, const std::string& attempt) {
  auto request = shipment_request_of(ctx.step("shipment", attempt), purchase.wanted, purchase.plan);
  if (!request)
    return request.failure();
  return ctx.effect(shippo::create_shipment(*request));
}

/// The step that buys at this rate has begun.
durable::future<shippo::label_outcome> buy_at(context ctx, const shippo::rate& rate,
                                              const std::string& attempt) {
  shippo::label_request order;
  order.ref = ctx.step("label", attempt);
  order.rate_id = rate.id;
  return ctx.effect(shippo::buy_label(order));
}

/// Buys the label once: rates, the one that is wanted, purchase. The rate id is journaled before it
/// is bought; it is what a look-up asks for.
durable::task<result<shippo::label_outcome>> buy_once(context ctx, purchase_ptr purchase,
                                                      std::uint32_t changes) {
  auto attempt = std::to_string(purchase->wanted.attempt);
  if (changes > 0)
    attempt += '.' + std::to_string(changes);
  auto asked = ask_for_rates(ctx, *purchase, attempt);
  if (!asked)
    co_return asked.failure();
  auto shipment = co_await *asked;
  if (!shipment && shipment.error().kind == error_kind::cancelled)
    co_return shipment.failure();
  // One that was bought before this hub was restored from a copy is not bought again.
  if (shipment) {
    auto forgotten = co_await seek_forgotten_label(ctx, purchase->settings);
    if (!forgotten)
      co_return forgotten.failure();
    if (*forgotten) {
      // Chosen by the same rule as this one, so by the same carrier.
      if (const auto alike = shippo::choose_rate(shipment->rates, purchase->rate()))
        wish_for_parcel(ctx, purchase->plan, *alike);
      co_return std::move(**forgotten);
    }
  }
  // As of now: nothing is bought for an order that was stopped meanwhile, or that goes elsewhere.
  // Between this and the purchase nothing gets in, and from here on nothing changes it.
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return fail(stopped_error());
  auto known = co_await look_at_purchases(ctx);
  if (!known)
    co_return known.failure();
  if (known->changes != changes)
    co_return fail({error_kind::rejected, std::string(goes_elsewhere), "the delivery was changed"});
  if (!shipment)
    co_return shipment.failure();
  const auto rate = shippo::choose_rate(shipment->rates, purchase->rate());
  if (!rate)
    co_return rate.failure();
  known->buying = true;
  ctx.set("purchase", known->encode());
  wish_for_parcel(ctx, purchase->plan, *rate);
  auto bought = buy_at(ctx, *rate, attempt);
  co_return co_await bought;
}

/// Buys it for the delivery as it was changed last, in the place of a purchase that was to come
/// later.
durable::task<result<shippo::label_outcome>> buy(context ctx, purchase_ptr asked) {
  bool begun = false;
  for (;;) {
    auto known = co_await look_at_purchases(ctx);
    if (!known)
      co_return known.failure();
    if (!begun && known->later && *known->later != ctx.invocation())
      ctx.cancel(ctx.object(), *known->later);
    begun = true;
    auto wanted = as_changed(asked, *known);
    if (!wanted)
      co_return wanted.failure();
    auto label = co_await buy_once(ctx, *wanted, known->changes);
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
durable::task<void> try_again_later(context ctx, purchase_ptr refused, std::string why) {
  auto known = co_await look_at_purchases(ctx);
  if (!known)
    co_return; // `buy` could read it, in this same turn.
  const auto shift = std::min<std::uint32_t>(known->refusals, 20);
  const auto pause = std::min(refused->plan.label_retry_ms << shift, label_retry_max_ms);
  auto again = refused->wanted;
  again.report = true;
  known->later = ctx.send(ctx.object(), "BuyLabel", again.encode(), pause);
  ++known->attempt;
  ++known->refusals;
  known->buying = false;
  ctx.set("purchase", known->encode());
  ctx.set("refused", why);
  if (refused->wanted.report)
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
  auto checked = purchase_of(body, settings);
  if (!checked)
    co_return checked.failure();
  const auto purchase = std::move(*checked);

  // 1. There is a label already, or none may be bought any more.
  auto bought = co_await ctx.get("label");
  if (bought)
    co_return std::move(*bought);
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return fail(stopped_error());

  // 2. It is bought, from where and by what the settings say now.
  auto planned = co_await decide_plan(ctx, purchase);
  if (!planned)
    co_return planned.failure();
  auto label = co_await buy(ctx, purchase);

  // 3. Bought: that is what this shipment has from now on.
  if (label) {
    void_extra_labels(ctx, *label);
    ctx.set("label", label->encode());
    if (purchase->plan.label_events) {
      name_id(ctx, "shippo", label->transaction_id, {ctx.key(), {}, {}});
      name_id(ctx, "shippo", label->tracking_number, {ctx.key(), {}, {}});
    }
    if (label->tracking_number.empty())
      co_await await_tracking(ctx, settings, label->transaction_id);
    else
      co_await track_parcel(ctx, label->tracking_number);
    tell_shipped(ctx, purchase->plan, *label);
    if (purchase->wanted.report)
      report_label(ctx, label->encode());
    co_return label->encode();
  }

  // 4. Stopped meanwhile; or the carrier has definitely said no.
  if (label.error().kind == error_kind::cancelled || label.error().where == shipment_stopped)
    co_return fail(stopped_error());
  if (label.error().kind == error_kind::corrupt)
    co_return label.failure();
  if (label.error().kind == error_kind::missed)
    leave_to_a_person(ctx, purchase->wanted, label.error().message);
  else if (!purchase->wanted.compensate)
    co_await try_again_later(ctx, purchase, label.error().message);
  co_return label.failure();
}

} // namespace orderhub::handlers
