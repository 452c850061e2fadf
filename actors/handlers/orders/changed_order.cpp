#include "actors/handlers/orders/changed_order.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/address_validation.hpp"
#include "actors/handlers/orders/fulfilment.hpp"
#include "actors/handlers/orders/order_content.hpp"
#include "actors/handlers/orders/payment_withdrawal.hpp"
#include "actors/handlers/shipments/delivery_change.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;

/// Where an order can only stay what it is.
const char* elsewhere(const order_facts& f) {
  return f.shipment >= shipment_state::in_transit || forbids_shipping(f)
             ? "GetOrder shows what is recorded; send the new order under another key."
             : "GetOrder shows what is recorded; to have it as sent now, cancel it with "
               "CancelOrder "
               "and send it under another key.";
}

/// 409: `why` says what stands against it, `way_out` what can be done.
error refused(const std::string& order_id, const std::string& why, const content_difference& change,
              const std::string& way_out) {
  return {error_kind::rejected, "order",
          "Order " + order_id + ' ' + why + ". This request differs in " + listed(change.fields) +
              "; nothing of it was taken. " + way_out,
          409};
}

/// Neither money nor anything that may become some.
bool is_uncharged(const order_facts& f) {
  return std::all_of(f.payments.begin(), f.payments.end(), [](const payment_fact& p) {
    return p.state == payment_state::none || p.state == payment_state::failed;
  });
}

bool waits_for_authentication(const order_facts& f) {
  return f.last_payment() != nullptr && f.last_payment()->state == payment_state::requires_action;
}

bool is_undecided(const order_facts& f) {
  return f.last_payment() != nullptr && f.last_payment()->state < payment_state::failed;
}

/// Another version of the program has checked the recorded order, which may have read other fields
/// for the same request: a difference alone is no wish to pay again.
bool is_sure_to_be_new(const order_run& run) {
  return run.recorded()->form == run.sent()->form || run.sent()->retry;
}

/// Nothing hangs on the old content: the new one takes its place, for the next payment.
task<void> take_all(order_run run, content_difference change) {
  if (!is_sure_to_be_new(run)) {
    run.refuse(refused(run.id(), "was recorded by another version of this program", change,
                       R"(If it is meant as sent now, send it with "retry": true.)"));
    co_return;
  }
  co_await run.take_sent(std::move(change.fields));
  run.ask_for_payment();
}

/// It is paid. The shipment knows whether it still can go elsewhere; it says so in the same moment
/// in which it takes the change.
task<void> take_delivery(order_run run, content_difference change) {
  auto delivery = label_order_of(*run.sent());
  auto changing = run.ctx().call(shipment_object(run.id()), "ChangeDelivery", delivery.encode());
  auto changed = co_await changing;
  if (!changed) {
    if (changed.error().kind == error_kind::cancelled)
      run.undo();
    else
      run.fail(changed.error());
    co_return;
  }
  switch (delivery_verdict_of(*changed)) {
  case delivery_verdict::taken:
    co_await run.take_sent(std::move(change.fields));
    co_await run.prepare();
    run.payment_is(*run.facts().last_payment());
    co_return;
  case delivery_verdict::bought:
    run.refuse(refused(run.id(), "has its label", change, elsewhere(run.facts())));
    co_return;
  case delivery_verdict::under_way:
    run.refuse(refused(run.id(), "has a label that is being bought, or may be bought already",
                       change,
                       "Send it again when GetOrder shows how that ended: while there is no label, "
                       "customer, shipping and parcel can change."));
    co_return;
  case delivery_verdict::stopped:
    run.refuse(refused(run.id(), "is not shipped any more", change, elsewhere(run.facts())));
    co_return;
  }
}

bool goes_elsewhere(const content_difference& change) {
  return std::any_of(change.fields.begin(), change.fields.end(), [](const std::string& field) {
    return field.starts_with("shipping.") && field != "shipping.rate";
  });
}

} // namespace

bool is_changed(const order_run& run) {
  return run.goes_on() && run.recorded() != nullptr &&
         !difference_of(*run.recorded(), *run.sent()).empty();
}

task<void> take_changes(order_run run) {
  auto change = difference_of(*run.recorded(), *run.sent());

  // 1. It goes somewhere else: is there such an address?
  if (goes_elsewhere(change))
    if (const auto refused = co_await validate_address(run))
      run.refuse(*refused);
  if (!run.goes_on() || run.refused())
    co_return;

  // 2. The customer could still pay the old amount: that payment is cancelled first.
  if (waits_for_authentication(run.facts()))
    co_await withdraw_payment(run);
  if (!run.goes_on())
    co_return;

  // 3. As it stands now, all of it is taken, or what concerns the delivery, or nothing.
  const auto& facts = run.facts();
  if (is_uncharged(facts))
    co_await take_all(run, std::move(change));
  else if (is_undecided(facts))
    run.refuse(refused(run.id(), "has a payment that is not decided yet", change,
                       "Send it again when GetOrder shows how that ended."));
  else if (forbids_shipping(facts))
    run.refuse(refused(run.id(), "is " + std::string(status_of(facts)), change, elsewhere(facts)));
  else if (change.concerns_payment)
    run.refuse(
        refused(run.id(), "is charged, so its items and amounts stay", change, elsewhere(facts)));
  else
    co_await take_delivery(run, std::move(change));
}

result<void> may_wait(const journal::object_state& state, std::string_view sent) {
  const auto* recorded = state.value("order");
  if (recorded == nullptr)
    return {};
  const auto doubts = journal::open_doubts(state);
  if (std::none_of(doubts.begin(), doubts.end(), [](const auto& d) { return d.step == "charge"; }))
    return {};
  const auto before = order::decode(*recorded);
  const auto now = order::decode(sent);
  if (!before || !now)
    return {};
  const auto change = difference_of(*before, *now);
  if (change.empty())
    return {};
  return fail(refused(state.id.key, "has a charge of which nobody knows yet whether it was made",
                      change, "Send it again when GetOrder shows nothing in_doubt any more."));
}

} // namespace orderhub::handlers
