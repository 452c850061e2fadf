#include "actors/handlers/shipments/shipment.hpp"

#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/create_shipment.hpp"
#include "providers/shippo/void_label.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
namespace shippo = providers::shippo;

using settings_ptr = std::shared_ptr<const order_settings>;

constexpr std::uint8_t label_order_version = 1;
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

object_id order_of(const context& ctx) {
  return {"OrderOrchestrator", ctx.key()};
}

/// Facts that the order learns where nobody waits for the label any more.
order_facts label_facts(const shippo::label_outcome& label) {
  order_facts f;
  f.shipment = shipment_state::label;
  f.label_id = label.transaction_id;
  f.tracking_number = label.tracking_number;
  f.label_url = label.label_url;
  f.pending["label"] = "done";
  return f;
}

std::string refusal_facts(const std::string& why) {
  order_facts f;
  f.attention["label"] = why;
  return f.encode();
}

/// Buys the label once: rates, the cheapest one, purchase. The rate id is journaled before it is
/// bought; it is what a look-up asks for.
durable::task<result<shippo::label_outcome>> buy(context ctx, label_order wanted,
                                                 shipment_plan plan) {
  const auto suffix = std::to_string(wanted.attempt);
  const auto& parcel = wanted.parcel.empty() ? plan.parcel : wanted.parcel;
  shippo::shipment_request request;
  request.ref = ctx.step_ref("shipment", suffix);
  request.from = shippo_address(plan.from);
  request.to = shippo_address(wanted.to);
  request.parcel = {parcel.length,        parcel.width,  parcel.height,
                    parcel.distance_unit, parcel.weight, parcel.mass_unit};
  auto create = shippo::create_shipment(request);
  auto shipment = co_await ctx.effect("shipment", std::move(create), suffix);
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
  purchase.ref = ctx.step_ref("label", suffix);
  purchase.rate_id = rate->id;
  auto buy_it = shippo::buy_label(purchase);
  auto label = co_await ctx.effect("label", std::move(buy_it), suffix);
  co_return label;
}

handler_task buy_label(context ctx, std::string body, settings_ptr s) {
  auto wanted = label_order::decode(body);
  if (!wanted)
    co_return wanted.failure();
  auto bought = co_await ctx.get("label");
  if (bought)
    co_return std::move(*bought);
  auto stopped = co_await ctx.get("stopped");
  if (stopped)
    co_return fail(stopped_error());
  auto plan = co_await decide_plan(ctx, s);
  if (!plan)
    co_return plan.failure();

  auto label = co_await buy(ctx, *wanted, *plan);
  if (label) {
    ctx.set("label", label->encode());
    if (wanted->report)
      ctx.send(order_of(ctx), "RecordLabel", label_facts(*label).encode());
    co_return label->encode();
  }
  // The carrier has definitely said no. Paid goods ship sooner or later: tried again with new
  // rates, by an invocation of its own, so that no journal grows for ever.
  if (label.error().kind == error_kind::cancelled || label.error().where == shipment_stopped)
    co_return fail(stopped_error());
  if (!wanted->compensate) {
    const auto shift = std::min<std::uint32_t>(wanted->attempt - 1, 20);
    const auto pause = std::min(plan->label_retry_ms << shift, label_retry_max_ms);
    label_order again = *wanted;
    again.report = true;
    again.attempt = wanted->attempt + 1;
    ctx.send(ctx.object(), "BuyLabel", again.encode(), pause);
    ctx.set("refused", label.error().message);
    if (wanted->report)
      ctx.send(order_of(ctx), "RecordLabel", refusal_facts(label.error().message));
  }
  co_return label.failure();
}

/// No label is bought from now on, and a purchase that is under way is cancelled; what is in doubt
/// is resolved first.
result<durable::event_outcome> stop(const journal::object_state&, std::string_view) {
  durable::event_outcome outcome;
  outcome.name = "stopped";
  outcome.merges.emplace_back("stopped", "1");
  outcome.cancels_running = true;
  return outcome;
}

/// Voids the label, if one was bought, and lets none be bought any more. Answers with the label's
/// facts, which the order may not have heard yet, or `null`; where nobody waits (`report`), the
/// order is told.
handler_task void_label(context ctx, std::string for_whom) {
  ctx.set("stopped", "1");
  auto bought = co_await ctx.get("label");
  if (!bought) {
    if (for_whom == "report") {
      order_facts nothing;
      nothing.pending["label"] = "done";
      ctx.send(order_of(ctx), "RecordLabel", nothing.encode());
    }
    co_return std::string("null");
  }
  auto label = shippo::label_outcome::decode(*bought);
  if (!label)
    co_return label.failure();
  shippo::void_request request;
  request.ref = ctx.step_ref("void_label");
  request.transaction_id = label->transaction_id;
  auto refund_or_cancel = shippo::void_label(request);
  auto voided = co_await ctx.effect("void_label", std::move(refund_or_cancel));
  auto facts = label_facts(*label);
  if (voided)
    facts.label_voided = true;
  else
    facts.attention["void_label"] = voided.error().message;
  if (for_whom == "report")
    ctx.send(order_of(ctx), "RecordLabel", facts.encode());
  if (!voided)
    co_return voided.failure();
  co_return facts.encode();
}

/// The shop's patience has ended before the label came. Queued behind the purchase, so it knows how
/// that ended. Where a refusal is to compensate the order (`compensate`), nobody else is there to
/// do it.
handler_task report_label_outcome(context ctx, std::string on_refusal) {
  auto bought = co_await ctx.get("label");
  if (bought) {
    if (auto label = shippo::label_outcome::decode(*bought))
      ctx.send(order_of(ctx), "RecordLabel", label_facts(*label).encode());
    co_return std::string("null");
  }
  auto stopped = co_await ctx.get("stopped");
  auto refused = co_await ctx.get("refused");
  if (stopped)
    co_return std::string("null");
  if (on_refusal == "compensate")
    ctx.send(order_of(ctx), "CompensateOrder", {});
  else if (refused)
    ctx.send(order_of(ctx), "RecordLabel", refusal_facts(*refused));
  co_return std::string("null");
}

} // namespace

std::string label_order::encode() const {
  byte_writer w(128);
  w.u8(label_order_version);
  put(w, to);
  put(w, parcel);
  w.u8(static_cast<std::uint8_t>((compensate ? 1U : 0U) | (report ? 2U : 0U)));
  w.u32(attempt);
  return w.take();
}

result<label_order> label_order::decode(std::string_view bytes) {
  byte_reader r(bytes);
  label_order o;
  const auto version = r.u8();
  o.to = get_address(r);
  o.parcel = get_parcel(r);
  const auto flags = r.u8();
  o.compensate = (flags & 1U) != 0;
  o.report = (flags & 2U) != 0;
  o.attempt = r.u32();
  if (version != label_order_version || !r.done())
    return fail({error_kind::corrupt, "shipment", "the label order cannot be read"});
  return o;
}

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
  durable::handler_definition stop_it;
  stop_it.mode = durable::handler_mode::event;
  stop_it.internal = true;
  stop_it.event = &stop;
  service.handlers.emplace("CancelPurchase", std::move(stop_it));
  return service;
}

} // namespace orderhub::handlers
