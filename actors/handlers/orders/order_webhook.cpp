#include "actors/handlers/orders/order_webhook.hpp"

#include "actors/handlers/webhooks/webhook_service.hpp"
#include "journal/base/log.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

using durable::event_outcome;

webhook_effect effect_of(const order_seen& seen) {
  using enum providers::webhooks::event_kind;
  switch (seen.what().kind) {
  case payment_succeeded:
  case payment_processing:
  case payment_requires_action:
  case payment_failed:
    return payment_event(seen);
  case payment_refunded:
  case refund_pending:
  case refund_failed:
    return refund_event(seen);
  case dispute_opened:
  case dispute_won:
  case dispute_lost:
    return dispute_event(seen);
  case tracking_unknown:
  case in_transit:
  case delivered:
  case returned:
  case delivery_failed:
    return delivery_event(seen);
  default:
    return notice_event(seen);
  }
}

/// A verified event may need a person: told once, however often it comes.
void call_for(const order_seen& seen, const webhook_effect& effect, const settings_ptr& settings) {
  for (const auto& [step, why] : effect.learned.attention) {
    const auto before = seen.facts.attention.find(step);
    if (before != seen.facts.attention.end() && before->second >= why)
      continue;
    settings->attention_count->fetch_add(1, std::memory_order_relaxed);
    log::error("order_needs_attention",
               {{"order", seen.state.id.key}, {"step", step}, {"reason", why}});
  }
}

event_outcome only(event_outcome::send said) {
  event_outcome outcome;
  outcome.name = "webhook";
  outcome.sends.push_back(std::move(said));
  return outcome;
}

} // namespace

webhook_effect contradiction(const order_seen& seen, std::string says) {
  webhook_effect effect;
  effect.verdict = event_verdict::contradicts;
  effect.text = std::move(says);
  effect.learned.attention[seen.routed.vendor + "_event"] =
      seen.what().type + " (" + seen.what().id + "): " + effect.text;
  return effect;
}

result<event_outcome> record_webhook(const journal::object_state& state, std::string_view body,
                                     const settings_ptr& settings) {
  auto routed = routed_event::decode(body);
  if (!routed)
    return routed.failure();
  using providers::webhooks::event_kind;
  if (routed->what.kind == event_kind::packed || routed->what.kind == event_kind::picked_up)
    return fulfilment_event(state, *routed);
  const auto* recorded = state.value("facts");
  const auto* request = state.value("order");
  if (recorded == nullptr || request == nullptr)
    return only(
        conclusion(routed->webhook, event_verdict::unmatched, "there is no order " + state.id.key));
  auto facts = order_facts::decode(*recorded);
  auto placed = order::decode(*request);
  if (!facts || !placed)
    return only(conclusion(routed->webhook, event_verdict::unmatched,
                           "the order " + state.id.key + " cannot be read"));
  const order_seen seen{state, *placed, *facts, *routed};
  auto effect = effect_of(seen);
  call_for(seen, effect, settings);
  const bool is_news = merge(*facts, effect.learned) != *facts;
  if (effect.verdict == event_verdict::applied && !is_news && effect.evidence.empty() &&
      effect.follows.empty())
    effect.verdict = event_verdict::unchanged;

  order_event event{std::string(name_of(routed->what.kind)), std::move(effect.learned),
                    std::move(effect.evidence)};
  auto outcome = outcome_of(state, event);
  if (!outcome)
    return outcome.failure();
  for (auto& follow : effect.follows)
    outcome->sends.push_back(std::move(follow));
  if (routed->concludes)
    outcome->sends.push_back(conclusion(routed->webhook, effect.verdict, std::move(effect.text)));
  return outcome;
}

} // namespace orderhub::handlers
