#include "actors/handlers/shipments/purchase.hpp"

#include "actors/handlers/shipments/label_order.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/tracking.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/create_shipment.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
namespace shippo = providers::shippo;

namespace {

constexpr std::int64_t label_retry_max_ms = 3'600'000;

/// What the purchase takes from the configuration, journaled once: after a restart with another one
/// it goes on with what it began with.
struct shipment_plan {
  postal_address from;
  parcel_size parcel;
  std::int64_t label_retry_ms = 0;
};

result<std::string> journaled_plan(settings_ptr s) {
  byte_writer w(128);
  put(w, s->ship_from);
  put(w, s->parcel);
  w.i64(s->label_retry_ms);
  return w.take();
}

durable::task<result<shipment_plan>> decide_plan(context ctx, settings_ptr s) {
  auto text = co_await ctx.run("plan", &journaled_plan, s);
  if (!text)
    co_return text.failure();
  byte_reader r(*text);
  shipment_plan plan;
  plan.from = get_address(r);
  plan.parcel = get_parcel(r);
  plan.label_retry_ms = r.i64();
  if (!r.done())
    co_return fail({error_kind::corrupt, "shipment", "the plan cannot be read"});
  co_return plan;
}

/// The order was cancelled, refunded or disputed while its label was bought, or before.
error stopped_error() {
  return {error_kind::rejected, std::string(shipment_stopped), "the shipment was stopped", 409};
}

shippo::address shippo_address(const postal_address& a) {
  return {a.name, a.street, {}, a.city, a.state, a.zip, a.country, a.phone, a.email};
}

/// Buys the label once: rates, the cheapest one, purchase. The rate id is journaled before it is
/// bought; it is what a look-up asks for.
durable::task<result<shippo::label_outcome>> buy(context ctx, label_order wanted,
                                                 shipment_plan plan) {
  const auto attempt = std::to_string(wanted.attempt);
  const auto& parcel = wanted.parcel.empty() ? plan.parcel : wanted.parcel;
  shippo::shipment_request request;
  request.ref = ctx.step("shipment", attempt);
  request.from = shippo_address(plan.from);
  request.to = shippo_address(wanted.to);
  request.parcel = {parcel.length,        parcel.width,  parcel.height,
                    parcel.distance_unit, parcel.weight, parcel.mass_unit};
  auto create = shippo::create_shipment(request);
  auto shipment = co_await ctx.effect(std::move(create));
  if (!shipment)
    co_return shipment.failure();
  const auto* rate = shippo::cheapest(shipment->rates);
  if (rate == nullptr)
    co_return fail({error_kind::rejected, "shipment.rates", "no carrier offers a usable rate"});
  // As of now: nothing is bought for an order that was stopped meanwhile.
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return fail(stopped_error());
  shippo::label_request purchase;
  purchase.ref = ctx.step("label", attempt);
  purchase.rate_id = rate->id;
  auto buy_it = shippo::buy_label(purchase);
  auto label = co_await ctx.effect(std::move(buy_it));
  co_return label;
}

/// Paid goods ship sooner or later: tried again with new rates after a pause, by an invocation of
/// its own, so that no journal grows for ever.
void try_again_later(context ctx, const label_order& refused, const shipment_plan& plan,
                     const std::string& why) {
  const auto shift = std::min<std::uint32_t>(refused.attempt - 1, 20);
  const auto pause = std::min(plan.label_retry_ms << shift, label_retry_max_ms);
  label_order again = refused;
  again.report = true;
  again.attempt = refused.attempt + 1;
  ctx.send(ctx.object(), "BuyLabel", again.encode(), pause);
  ctx.set("refused", why);
  if (refused.report)
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
  auto label = co_await buy(ctx, *wanted, *plan);

  // 3. Bought: that is what this shipment has from now on.
  if (label) {
    ctx.set("label", label->encode());
    if (label->tracking_number.empty())
      co_await await_tracking(ctx, settings, label->transaction_id);
    if (wanted->report)
      report_label(ctx, label->encode());
    co_return label->encode();
  }

  // 4. Stopped meanwhile; or the carrier has definitely said no.
  if (label.error().kind == error_kind::cancelled || label.error().where == shipment_stopped)
    co_return fail(stopped_error());
  if (!wanted->compensate)
    try_again_later(ctx, *wanted, *plan, label.error().message);
  co_return label.failure();
}

} // namespace orderhub::handlers
