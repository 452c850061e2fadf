#include "actors/handlers/explain/order_moves.hpp"

#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/shipments/label_webhook.hpp"
#include "providers/shippo/buy_label.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

using journal::operator_verb;

namespace {

order_moves moves_of_retry(const order_objects& objects, const explanation& shown,
                           bool accept_repeat) {
  order_moves moves;
  for (const auto& step : shown.steps)
    if (is_moved_by_retry(step) && !step.if_retried->safe && !accept_repeat)
      return {{}, move_refusal::may_repeat, step.name};
  for (const auto& state : objects.states) {
    const auto name = state.id.text();
    const bool is_stopped = std::any_of(state.live.begin(), state.live.end(),
                                        [](const auto& i) { return !i.paused_text.empty(); });
    const bool is_moved =
        std::any_of(shown.steps.begin(), shown.steps.end(), [&](const auto& step) {
          return step.object == name && is_moved_by_retry(step);
        });
    if (is_stopped || is_moved || label_for_later(state) != nullptr || has_stayed_open(state))
      moves.objects.push_back(state.id);
  }
  return moves;
}

order_moves moves_of_hold(const order_objects& objects, bool pause) {
  order_moves moves;
  for (const auto& state : objects.states)
    if (state.paused_by_operator != pause)
      moves.objects.push_back(state.id);
  // What goes through a pause (a cancel, an event) has news for the customer, and may be the first.
  if (const auto news = notification_object(objects.key);
      pause && objects.find(order_object(objects.key)) != nullptr && objects.find(news) == nullptr)
    moves.objects.push_back(news);
  return moves;
}

order_moves moves_of_cancel(const order_objects& objects, const explanation& shown) {
  constexpr std::array<std::string_view, 3> gone = {"in_transit", "delivered", "shipped"};
  const auto& status = shown.status;
  if (std::find(gone.begin(), gone.end(), status) != gone.end())
    return {{}, move_refusal::on_its_way, status};
  const auto* own = objects.find(order_object(objects.key));
  if (own == nullptr)
    return {{}, move_refusal::unreadable, {}};
  if (status == "cancelling" || (status == "cancelled" && !has_stayed_open(*own)))
    return {};
  return {{own->id}, move_refusal::none, {}};
}

} // namespace

bool has_stayed_open(const journal::object_state& own) {
  if (own.id.service != order_service_name)
    return false;
  const auto* recorded = own.value("facts");
  const auto facts = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  return facts && has_open_compensation(*facts) &&
         std::none_of(own.live.begin(), own.live.end(), [](const auto& i) {
           return i.input.handler == "CancelOrder" || i.input.handler == "CompensateOrder";
         });
}

std::vector<order_cancel_call> calls_of_cancel(const order_objects& objects,
                                               const order_plan& settings) {
  const auto* own = objects.find(order_object(objects.key));
  if (own == nullptr)
    return {};
  const auto* recorded = own->value("facts");
  const auto facts = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  if (!facts)
    return {};
  const auto* request = own->value("order");
  const auto placed = request != nullptr ? order::decode(*request) : result<order>(fail(error{}));
  order_before_cancel before{*facts, placed ? &*placed : nullptr, settings, nullptr, {}};
  fulfilment_facts fulfilment;
  const auto claims = claims_in(own->value(claims_entry));
  const auto holder = claims ? claims->holder() : std::nullopt;
  if (const auto* state = holder ? objects.find(fulfilment_object(*holder)) : nullptr)
    if (const auto* its = state->value("facts"))
      if (auto known = fulfilment_facts::decode(*its)) {
        fulfilment = std::move(*known);
        before.fulfilment = &fulfilment;
      }
  if (const auto* shipment = objects.find(shipment_object(objects.key)))
    if (const auto* bought = shipment->value("label"))
      if (const auto label = providers::shippo::label_outcome::decode(*bought))
        before.label_id = label->transaction_id;
  std::vector<order_cancel_call> calls;
  for (auto& call : calls_of_cancel(before)) {
    const bool is_fulfilments = call.service == fulfilment_service_name && holder;
    object_id object{std::string(call.service), is_fulfilments ? *holder : objects.key};
    calls.push_back({std::move(object), std::move(call)});
  }
  return calls;
}

bool is_moved_by_retry(const explained_step& step) {
  return step.ended_at == 0 && step.if_retried &&
         (step.state == "paused" || !step.if_retried->call.empty());
}

order_moves moves_of(operator_verb verb, const order_objects& objects, const explanation& shown,
                     bool accept_repeat) {
  switch (verb) {
  case operator_verb::retry:
    return moves_of_retry(objects, shown, accept_repeat);
  case operator_verb::pause:
    return moves_of_hold(objects, true);
  case operator_verb::resume:
    return moves_of_hold(objects, false);
  case operator_verb::cancel:
    return moves_of_cancel(objects, shown);
  case operator_verb::happened:
  case operator_verb::not_happened:
  case operator_verb::happened_unverified:
  case operator_verb::not_happened_unverified:
  case operator_verb::erase:
  case operator_verb::purge:
  case operator_verb::ack:
  case operator_verb::note:
    break;
  }
  return {};
}

} // namespace orderhub::handlers
