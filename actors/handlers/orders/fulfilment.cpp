#include "actors/handlers/orders/fulfilment.hpp"

#include "actors/handlers/objects.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace orderhub::handlers {

using durable::task;

label_order label_order_of(const order& o) {
  label_order wanted;
  wanted.to = o.shipping;
  wanted.parcel = o.parcel;
  wanted.declared = {o.items, o.total.currency};
  wanted.rate = o.rate;
  return wanted;
}

bool may_ship(const order_run& run) {
  const auto* payment = run.payment();
  return run.goes_on() && payment != nullptr && is_money(*payment) &&
         !forbids_shipping(run.facts());
}

namespace {

/// The shipment has been told to buy the label.
durable::future<std::string> begin_purchase(const order_run& run) {
  auto wanted = label_order_of(*run.placed());
  wanted.compensate = run.plan().compensate;
  // Confirmed without a label: what follows from one that comes later follows from RecordLabel.
  wanted.report = run.facts().confirmed;
  return run.ctx().call(shipment_object(run.id()), "BuyLabel", wanted.encode());
}

} // namespace

task<void> get_label(order_run run) {
  auto ctx = run.ctx();
  const auto plan = run.plan();

  // 1. The shipment buys it, and goes on when we stop waiting.
  auto purchase = begin_purchase(run);
  auto label = co_await purchase.within(plan.label_timeout_ms);
  if (!label && label.error().kind == error_kind::cancelled) {
    run.undo();
    co_return;
  }

  // 2. What was heard of meanwhile may forbid to ship; then the shipment was told to stop, and
  //    voids what it has bought.
  co_await run.look_again();
  if (!may_ship(run))
    co_return;

  // 3. Refused: undone, or tried again later; nobody knows: a person looks. Not there yet: we hear
  //    of it. Bought.
  order_facts learned;
  if (!label) {
    if (plan.compensate) {
      run.undo();
      co_return;
    }
    learned.pending["label"] = label.error().kind == error_kind::missed
                                   ? "may have been bought, not tried again"
                                   : "refused, tried again later";
    co_await run.call_a_person("label", label.error().message);
  } else if (!*label) {
    learned.pending["label"] = "not there yet";
    ctx.send(shipment_object(run.id()), "ReportLabelOutcome", plan.compensate ? "compensate" : "");
  } else {
    learned = label_facts(**label);
    if (run.facts().pending.contains("label")) // It was refused for the delivery of before.
      learned.pending["label"] = "done";
    if (learned.tracking_number.empty())
      learned.pending[std::string(tracking_step)] = tracking_awaited;
  }
  run.note(learned);
}

bool may_have_label(const order_facts& f) {
  return !f.label_voided &&
         std::any_of(f.payments.begin(), f.payments.end(),
                     [](const payment_fact& p) { return p.state >= payment_state::paid; });
}

void stop_shipment(const order_run& run) {
  run.ctx().send(shipment_object(run.id()), "CancelPurchase", {});
}

task<void> void_label(order_run run) {
  auto voiding = run.ctx().call(shipment_object(run.id()), "VoidLabel", {});
  auto voided = co_await voiding;
  order_facts learned;
  if (!voided) {
    co_await run.call_a_person("void_label", voided.error().message);
  } else if (*voided != "null") {
    auto label = order_facts::decode(*voided);
    if (!label) {
      run.fail(label.error());
      co_return;
    }
    learned = std::move(*label);
  }
  learned.pending["label"] = "done";
  run.note(learned);
}

} // namespace orderhub::handlers
