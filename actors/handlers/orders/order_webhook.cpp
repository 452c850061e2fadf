#include "actors/handlers/orders/order_webhook.hpp"

#include "actors/durable/idempotency_key.hpp"
#include "actors/handlers/attention.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "journal/base/log.hpp"
#include "journal/open_work.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

using durable::event_outcome;
using providers::webhooks::event;
using providers::webhooks::event_kind;

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
    count_attention(*settings, step);
    log::error("order_needs_attention",
               {{"order", seen.state.id.key}, {"step", step}, {"reason", why}});
  }
}

bool is_of_notice(event_kind kind) {
  using enum event_kind;
  switch (kind) {
  case mail_processed:
  case mail_deferred:
  case mail_delivered:
  case mail_bounced:
  case mail_dropped:
  case mail_complained:
  case sms_queued:
  case sms_sent:
  case sms_delivered:
  case sms_undelivered:
  case sms_failed:
    return true;
  default:
    return false;
  }
}

/// Its step is the notification's, which has not said how that ended: it may settle it. `facts`:
/// null where there is no such order.
bool is_for_notification(const event& e, const order_facts* facts) {
  if (!is_of_notice(e.kind))
    return false;
  if (facts == nullptr)
    return true;
  const auto told = facts->notices.find(e.about.step);
  return told == facts->notices.end() || told->second.starts_with(undelivered_mark);
}

void tell_notification(event_outcome& outcome, const object_id& order, const order_facts* facts,
                       routed_event routed) {
  if (!is_for_notification(routed.what, facts))
    return;
  routed.concludes = false;
  outcome.sends.push_back({notification_object(order.key), "RecordWebhook", routed.encode()});
}

/// Stripe says by which request of ours it came about (`request.idempotency_key`). Where our
/// metadata is not in it, that names the open step whose call shows this very key: hub, order, step
/// and attempt are in the key's hash, and the generation counts too.
bool takes_name_from_key(event& e, const journal::object_state& state) {
  if (e.idempotency_key.empty() || !e.about.hub.empty())
    return false;
  for (auto& open : journal::open_keys(state))
    if (durable::key_of_generation(open.first, open.generation) == e.idempotency_key) {
      e.about.step = std::move(open.step);
      e.about.attempt = std::move(open.attempt);
      e.generation = std::to_string(open.generation);
      return true;
    }
  return false;
}

bool is_of_fulfilment(event_kind kind) {
  return kind == event_kind::packed || kind == event_kind::picked_up;
}

/// The order as it is recorded, beside which an event is looked at.
struct recorded_order {
  order placed;
  order_facts facts;
};

/// `not_found`, for people, where there is none that can be read.
result<recorded_order> recorded_in(const journal::object_state& state) {
  constexpr auto where = "order.webhook";
  const auto* recorded = state.value("facts");
  const auto* request = state.value("order");
  if (recorded == nullptr || request == nullptr)
    return fail({error_kind::not_found, where, "there is no order " + state.id.key});
  auto facts = order_facts::decode(*recorded);
  auto placed = order::decode(*request);
  if (!facts || !placed)
    return fail({error_kind::not_found, where, "the order " + state.id.key + " cannot be read"});
  return recorded_order{std::move(*placed), std::move(*facts)};
}

/// `routed` takes its name from our key, where that is all it has.
order_seen seen_beside(const journal::object_state& state, const recorded_order& known,
                       routed_event& routed) {
  const bool is_named = !routed.what.about.hub.empty() || takes_name_from_key(routed.what, state);
  return {state, known.placed, known.facts, routed, is_named};
}

bool is_nothing_new(const order_seen& seen, const webhook_effect& effect) {
  return effect.verdict == event_verdict::applied && effect.evidence.empty() &&
         effect.follows.empty() && merge(seen.facts, effect.learned) == seen.facts;
}

/// Nothing is known here that it could be about.
event_outcome unmatched(const object_id& order, const routed_event& routed,
                        const settings_ptr& settings, std::string why) {
  event_outcome outcome;
  outcome.name = "webhook";
  tell_notification(outcome, order, nullptr, routed);
  conclude(outcome, settings, routed, {event_verdict::unmatched, std::move(why)});
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
  if (is_of_fulfilment(routed->what.kind))
    return fulfilment_event(state, *routed, settings);
  const auto known = recorded_in(state);
  if (!known)
    return unmatched(state.id, *routed, settings, known.error().message);
  const auto seen = seen_beside(state, *known, *routed);
  auto effect = effect_of(seen);
  call_for(seen, effect, settings);
  if (is_nothing_new(seen, effect))
    effect.verdict = event_verdict::unchanged;

  order_event event{std::string(name_of(routed->what.kind)), std::move(effect.learned),
                    std::move(effect.evidence)};
  auto outcome = outcome_of(state, event);
  if (!outcome)
    return outcome.failure();
  for (auto& follow : effect.follows)
    outcome->sends.push_back(std::move(follow));
  tell_notification(*outcome, state.id, &known->facts, *routed);
  conclude(*outcome, settings, *routed, {effect.verdict, std::move(effect.text)});
  return outcome;
}

std::optional<concluded> known_by(const journal::object_state& state, routed_event routed) {
  if (is_of_fulfilment(routed.what.kind))
    return std::nullopt;
  const auto known = recorded_in(state);
  if (!known || is_for_notification(routed.what, &known->facts))
    return std::nullopt;
  const auto seen = seen_beside(state, *known, routed);
  auto effect = effect_of(seen);
  if (!is_nothing_new(seen, effect))
    return std::nullopt;
  return concluded{event_verdict::unchanged, std::move(effect.text)};
}

foreseen_event foresee(const journal::object_state& state, routed_event routed) {
  if (is_of_fulfilment(routed.what.kind))
    return {{event_verdict::routed, "the fulfilment says"}, {}, {}};
  const auto known = recorded_in(state);
  if (!known)
    return {{event_verdict::unmatched, known.error().message}, {}, {}};
  const auto seen = seen_beside(state, *known, routed);
  auto effect = effect_of(seen);
  if (is_nothing_new(seen, effect))
    effect.verdict = event_verdict::unchanged;
  return {
      {effect.verdict, std::move(effect.text)}, known->facts, merge(known->facts, effect.learned)};
}

} // namespace orderhub::handlers
