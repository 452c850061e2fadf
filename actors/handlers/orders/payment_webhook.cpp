// What Stripe's verified events say of an order's payments.
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/extra_payment.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/order_webhook.hpp"
#include "journal/open_work.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace orderhub::handlers {

namespace {

using providers::webhooks::event;
using providers::webhooks::event_kind;
namespace stripe = providers::stripe;

constexpr const char* charge_step = "charge";

std::string id_of(const event& e, std::string_view prefix) {
  for (const auto& id : e.vendor_ids)
    if (id.starts_with(prefix))
      return id;
  return {};
}

std::string intent_in(const event& e) {
  return id_of(e, "pi_");
}

std::string charge_in(const event& e) {
  const auto charge = id_of(e, "ch_");
  return charge.empty() ? id_of(e, "py_") : charge;
}

std::uint32_t number_in(std::string_view text, std::uint32_t otherwise) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc() && end == text.data() + text.size() && n > 0 ? n : otherwise;
}

/// It names our charge itself: hub, order, step and attempt.
bool names_charge(const order_seen& seen) {
  return seen.names_step && seen.what().about.step == charge_step;
}

/// Whose payment it is about; null where it is none of the order's.
const payment_fact* payment_in(const order_seen& seen) {
  const auto intent = intent_in(seen.what());
  const auto charge = charge_in(seen.what());
  for (const auto& p : seen.facts.payments)
    if ((!intent.empty() && p.intent_id == intent) || (!charge.empty() && p.charge_id == charge))
      return &p;
  return names_charge(seen) ? seen.facts.payment_of(number_in(seen.what().about.attempt, 0))
                            : nullptr;
}

std::string shown(std::int64_t amount, const std::string& currency) {
  return tables::shown({amount, currency});
}

/// It names another payment than that one. Its metadata may be the same, where a step took the
/// payment twice.
bool names_another(const event& e, const payment_fact& p) {
  const auto intent = intent_in(e);
  return !intent.empty() && !p.intent_id.empty() && p.intent_id != intent;
}

/// A look-up has proven it, and it is given back by itself.
std::optional<webhook_effect> of_an_extra(const order_seen& seen) {
  const auto intent = intent_in(seen.what());
  if (intent.empty() || !is_known_extra(seen.facts, intent))
    return std::nullopt;
  webhook_effect effect;
  effect.text = "of a payment that was taken twice";
  return effect;
}

/// What a payment is that the event says exists; nothing of one that failed.
std::optional<stripe::payment_status> said_status(event_kind kind) {
  switch (kind) {
  case event_kind::payment_succeeded:
    return stripe::payment_status::succeeded;
  case event_kind::payment_requires_action:
    return stripe::payment_status::requires_action;
  case event_kind::payment_processing:
    return stripe::payment_status::processing;
  default:
    return std::nullopt;
  }
}

/// The very step that has the order's money has made another payment, over the whole price: it is
/// given back by its own id, as where a look-up proves it.
std::optional<webhook_effect> taken_twice(const order_seen& seen, const payment_fact& p) {
  const auto& e = seen.what();
  const auto status = said_status(e.kind);
  const bool is_whole =
      e.amount == seen.placed.total.minor_units && e.currency == seen.placed.total.currency;
  if (!names_charge(seen) || !names_another(e, p) || p.state < payment_state::paid || !status ||
      !is_whole)
    return std::nullopt;
  auto begun = give_extra_back(order_object(seen.state.id.key), seen.facts, {intent_in(e), *status},
                               seen.placed.total);
  webhook_effect effect;
  effect.learned = std::move(begun.learned);
  effect.follows.push_back(std::move(begun.follows));
  effect.text = "taken twice: " + intent_in(e) + " is given back";
  return effect;
}

/// It says how an attempt went that has failed, and not that it is money. Over another amount, too:
/// since then the order may have been changed.
bool is_of_failed_attempt(const event& e, const payment_fact& p) {
  return p.state == payment_state::failed && e.kind != event_kind::payment_succeeded &&
         !names_another(e, p);
}

/// What the order would have to be for the event to be true of it; empty where it is.
std::string differs(const order_seen& seen, const payment_fact& p) {
  const auto& e = seen.what();
  if (names_another(e, p))
    return "it is about " + intent_in(e) + ", the order is paid by " + p.intent_id;
  const auto& wanted = p.amount.minor_units > 0 ? p.amount : seen.placed.total;
  if (e.amount >= 0 && (e.amount != wanted.minor_units || e.currency != wanted.currency))
    return "it is over " + shown(e.amount, e.currency) + ", the order over " +
           shown(wanted.minor_units, wanted.currency);
  return {};
}

webhook_effect not_the_orders(const order_seen& seen) {
  const auto& e = seen.what();
  std::string says = "it is about ";
  says += e.vendor_ids.empty() ? std::string("a payment") : e.vendor_ids.front();
  if (e.amount >= 0)
    says += " over " + shown(e.amount, e.currency);
  says += ", which is no payment of the order";
  const auto* known = seen.facts.last_payment();
  if (known != nullptr && !known->intent_id.empty())
    says += " (" + known->intent_id + ')';
  says += " over " + shown(seen.placed.total.minor_units, seen.placed.total.currency);
  return contradiction(seen, std::move(says));
}

/// An invocation has that step open: it hears of it and goes on.
bool is_open_in(const order_seen& seen, std::string_view step, const std::string& attempt) {
  return std::any_of(seen.state.live.begin(), seen.state.live.end(),
                     [&](const auto& i) { return !journal::open_steps(i, step, attempt).empty(); });
}

durable::step_evidence evidence_of(const event& e, bool happened) {
  durable::step_evidence evidence;
  evidence.step = e.about.step;
  evidence.attempt = e.about.attempt;
  evidence.happened = happened;
  evidence.generation = number_in(e.generation, 0);
  return evidence;
}

/// What the call would have answered.
durable::step_evidence charge_evidence(const event& e, stripe::payment_status status) {
  auto evidence = evidence_of(e, true);
  stripe::charge_outcome outcome;
  outcome.payment_intent_id = intent_in(e);
  outcome.status = status;
  if (status == stripe::payment_status::succeeded) {
    outcome.charge_id = charge_in(e);
    outcome.amount_received = e.amount;
  }
  evidence.value = outcome.encode();
  return evidence;
}

/// The order goes on from its payment by an invocation of its own: nobody waits for it.
durable::event_outcome::send settle(const order_seen& seen, const payment_fact& p) {
  follow_up what;
  what.step = payment_step(p);
  what.subject = p.intent_id;
  what.attempt = p.attempt;
  what.last = seen.what().type;
  return {order_object(seen.state.id.key), "SettlePayment", what.encode()};
}

/// A payment was found for a charge of which nobody knew whether it was made.
bool finds_payment(const order_seen& seen, const payment_fact& p) {
  return may_have_been_made(p) && names_charge(seen) && !intent_in(seen.what()).empty();
}

/// It is the order's from here on, and how it stands is asked of Stripe; of a cancelled order it is
/// taken back.
webhook_effect found(const order_seen& seen, payment_fact p) {
  webhook_effect effect;
  p.intent_id = intent_in(seen.what());
  if (seen.what().kind == event_kind::payment_requires_action)
    p.state = payment_state::requires_action;
  effect.learned.payments.push_back(p);
  effect.text = "the payment that may have been made is " + p.intent_id;
  if (seen.facts.cancelled || seen.facts.cancelling)
    effect.follows.push_back({order_object(seen.state.id.key), "CompensateOrder", {}});
  else
    effect.follows.push_back(settle(seen, p));
  return effect;
}

webhook_effect succeeded(const order_seen& seen, const payment_fact& before) {
  const auto& e = seen.what();
  webhook_effect effect;
  auto paid = before;
  paid.state = payment_state::paid;
  paid.reason.clear();
  if (paid.intent_id.empty())
    paid.intent_id = intent_in(e);
  if (paid.charge_id.empty())
    paid.charge_id = charge_in(e);
  if (e.amount >= 0)
    paid.amount = {e.amount, e.currency};
  effect.learned.payments.push_back(paid);
  if (is_open(seen.facts, payment_step(paid)))
    effect.learned.pending[payment_step(paid)] = "done";
  effect.text = "paid " + shown(paid.amount.minor_units, paid.amount.currency);
  if (before.state >= payment_state::paid)
    return effect;

  const auto attempt = std::to_string(before.attempt);
  if (is_open_in(seen, charge_step, attempt))
    return effect; // Its step has the evidence.
  if (seen.facts.cancelled || seen.facts.cancelling)
    effect.follows.push_back({order_object(seen.state.id.key), "CompensateOrder", {}});
  else if (&before == seen.facts.last_payment())
    effect.follows.push_back(settle(seen, paid));
  else
    effect.learned.attention["second_payment"] =
        "payment " + attempt + " was made too, and another one was begun behind it";
  return effect;
}

/// Of a refund of ours that was given back: that its bank could not make it after all, only an
/// event tells. False where it is not known as given back.
bool fails_after_all(webhook_effect& effect, const order_facts& f, const payment_fact& p,
                     const event& e) {
  const auto& id = e.vendor_ids.front();
  const auto why = "Stripe could not make the refund " + id + ": " + e.code;
  const bool is_last_of_cancel = p.refund_id == id && !p.rounds.empty() &&
                                 p.rounds.rbegin()->second.state == refund_state::made;
  for (const auto& [name, r] : f.refunds)
    if (r.refund_id == id && r.state == refund_state::made) {
      auto failed = r;
      failed.state = refund_state::failed;
      failed.why = why;
      effect.learned.refunds.emplace(name, std::move(failed));
    }
  if (effect.learned.refunds.empty() && !is_last_of_cancel)
    return false;
  effect.learned.attention["refund_event"] = why;
  return true;
}

} // namespace

webhook_effect payment_event(const order_seen& seen) {
  const auto& e = seen.what();
  if (auto extra = of_an_extra(seen))
    return std::move(*extra);
  const auto* p = payment_in(seen);
  if (p == nullptr)
    return not_the_orders(seen);
  if (auto extra = taken_twice(seen, *p))
    return std::move(*extra);
  if (auto why = is_of_failed_attempt(e, *p) ? std::string() : differs(seen, *p); !why.empty())
    return contradiction(seen, std::move(why));

  if (finds_payment(seen, *p) && e.kind != event_kind::payment_succeeded)
    return found(seen, *p);

  // Its words are evidence only for the step that it names.
  const bool is_ours = names_charge(seen) && !intent_in(e).empty();
  webhook_effect effect;
  switch (e.kind) {
  case event_kind::payment_succeeded:
    effect = succeeded(seen, *p);
    if (is_ours && e.amount >= 0)
      effect.evidence.push_back(charge_evidence(e, stripe::payment_status::succeeded));
    break;
  case event_kind::payment_requires_action:
    if (is_ours)
      effect.evidence.push_back(charge_evidence(e, stripe::payment_status::requires_action));
    break;
  case event_kind::payment_processing:
    if (is_ours)
      effect.evidence.push_back(charge_evidence(e, stripe::payment_status::processing));
    break;
  default:
    // Asked of Stripe before it is believed.
    if (names_charge(seen))
      effect.evidence.push_back(evidence_of(e, false));
    if (!is_open_in(seen, charge_step, std::to_string(p->attempt)) && !p->intent_id.empty() &&
        p == seen.facts.last_payment() &&
        (p->state == payment_state::requires_action || p->state == payment_state::pending))
      effect.follows.push_back(settle(seen, *p));
    break;
  }
  // A step that is not open hears nothing.
  std::erase_if(effect.evidence, [&](const durable::step_evidence& said) {
    return !is_open_in(seen, said.step, said.attempt);
  });
  return effect;
}

webhook_effect refund_event(const order_seen& seen) {
  const auto& e = seen.what();
  const auto* p = payment_in(seen);
  webhook_effect effect;
  if (auto extra = of_an_extra(seen); extra && e.is_total)
    return std::move(*extra);
  // Of a step of ours, only that it is asked for now: what was wanted is not in the event.
  if (seen.names_step && !e.is_total && is_open_in(seen, e.about.step, e.about.attempt))
    effect.evidence.push_back(evidence_of(e, false));
  if (p == nullptr) {
    if (e.is_total)
      return not_the_orders(seen);
    effect.text = "a refund that was asked for here";
    return effect;
  }
  if (names_another(e, *p))
    return contradiction(seen, differs(seen, *p));
  const auto& f = seen.facts;
  const bool is_ours = seen.names_step && !e.is_total;
  if (e.kind == event_kind::refund_failed && !is_ours) {
    effect.learned.attention["refund_event"] =
        "Stripe could not make the refund " + e.vendor_ids.front() + ": " + e.code;
    return effect;
  }
  if (e.kind == event_kind::refund_failed && is_ours && fails_after_all(effect, f, *p, e))
    return effect;
  // What was begun here is followed here: its facts come from there.
  const bool is_followed =
      is_refund_open(f.refunds, p->attempt) || is_refund_under_way(f, *p) || f.cancelling;
  if (e.kind != event_kind::payment_refunded || !e.is_total || is_followed)
    return effect;
  if (!e.currency.empty() && !p->amount.currency.empty() && e.currency != p->amount.currency)
    return contradiction(seen, "it gives back " + shown(e.amount, e.currency) +
                                   ", the order was paid " +
                                   shown(p->amount.minor_units, p->amount.currency));
  const auto by_others = e.amount - standing_sum(f.refunds, p->attempt);
  if (by_others <= 0)
    return effect;
  auto given_back = *p;
  const auto paid =
      p->amount.minor_units > 0 ? p->amount.minor_units : seen.placed.total.minor_units;
  given_back.state = e.amount >= paid ? payment_state::refunded : payment_state::part_refunded;
  effect.learned.payments.push_back(given_back);
  effect.text = "given back at Stripe: " + shown(e.amount, e.currency);
  return effect;
}

webhook_effect dispute_event(const order_seen& seen) {
  const auto& e = seen.what();
  const auto* p = payment_in(seen);
  if (p == nullptr)
    return not_the_orders(seen);
  if (names_another(e, *p))
    return contradiction(seen, differs(seen, *p));
  webhook_effect effect;
  effect.learned.dispute = e.kind == event_kind::dispute_opened ? dispute_state::open
                           : e.kind == event_kind::dispute_won  ? dispute_state::won
                                                                : dispute_state::lost;
  const char* word = e.kind == event_kind::dispute_opened ? "opened"
                     : e.kind == event_kind::dispute_won  ? "won"
                                                          : "lost";
  effect.text = std::string("dispute ") + word;
  const auto after = merge(seen.facts, effect.learned);
  if (forbids_shipping(seen.facts) && !forbids_shipping(after) &&
      after.shipment < shipment_state::in_transit) {
    effect.learned.attention[std::string(stopped_parcel_step)] =
        "its parcel was stopped while the payment was disputed; the dispute is won, and nothing "
        "ships by itself";
    for (const std::string_view step : {std::string_view("label"), tracking_step})
      effect.learned.pending[std::string(step)] = "done"; // Whoever ships it, it is not this.
  }
  if (seen.facts.dispute < effect.learned.dispute)
    effect.follows.push_back({notification_object(seen.state.id.key), "Send",
                              dispute_news(seen.placed, word, e.code).encode()});
  return effect;
}

} // namespace orderhub::handlers
