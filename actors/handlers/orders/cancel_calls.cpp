#include "actors/handlers/orders/cancel_calls.hpp"

#include "actors/handlers/notifications/notification_texts.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/cancel_order.hpp"
#include "actors/handlers/orders/fulfilment.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/payment.hpp"

namespace orderhub::handlers {

namespace {

/// True: some payment will be given back.
bool add_payments(std::vector<cancel_call>& calls, const order_facts& facts) {
  bool gives_back = false;
  for (const auto& p : facts.payments) {
    if (!is_to_be_returned(facts, p))
      continue;
    if (!is_money(p)) {
      calls.push_back(
          {"cancel_payment", order_service_name, "cancel_intent", "stripe", p.amount, p.intent_id});
      continue;
    }
    const auto next = next_refund_of(facts, p);
    if (p.amount.minor_units > 0 && next.amount == 0)
      continue; // Others have given back all of it.
    gives_back = true;
    calls.push_back({"refund",
                     order_service_name,
                     "refund",
                     "stripe",
                     {next.amount, p.amount.currency},
                     p.intent_id});
  }
  return gives_back;
}

void add_news(std::vector<cancel_call>& calls, const notification& news) {
  const auto steps = steps_of(news);
  if (news.mail && !news.email.empty())
    calls.push_back({"mail", notification_service_name, steps.mail, "sendgrid", {}, {}});
  if (news.announce)
    calls.push_back({"announce", notification_service_name, steps.announce, "slack", {}, {}});
  if (news.sms)
    calls.push_back({"sms", notification_service_name, steps.sms, "twilio", {}, {}});
}

} // namespace

std::vector<cancel_call> calls_of_cancel(const order_before_cancel& order) {
  std::vector<cancel_call> calls;
  const auto& facts = order.facts;
  const bool again = facts.cancelled;
  if (again && !has_open_compensation(facts))
    return calls;
  const bool gives_back = add_payments(calls, facts);
  if (may_have_label(facts) && !order.label_id.empty())
    calls.push_back(
        {"void_label", shipment_service_name, "void_label", "shippo", {}, order.label_id});
  const bool has_left = order.fulfilment != nullptr && order.fulfilment->has_left();
  if (order.fulfilment != nullptr)
    for (const auto& undone : undo_steps_of(*order.fulfilment))
      calls.push_back(
          {undone.step, fulfilment_service_name, std::string(undone.step), undone.vendor, {}, {}});
  if (!has_left && facts.stock.is_kept())
    calls.push_back({"release_stock", order_service_name, "release_stock", "inventory", {}, {}});
  if (order.placed != nullptr && is_cancel_told(again, gives_back))
    add_news(calls, cancelled_news(*order.placed, order.plan, again, refund_news::none));
  if (is_cancel_hooked(again, order.plan))
    calls.push_back({"tell_providers", order_service_name, {}, {}, {}, {}});
  return calls;
}

} // namespace orderhub::handlers
