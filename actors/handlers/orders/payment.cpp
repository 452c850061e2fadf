#include "actors/handlers/orders/payment.hpp"

#include "actors/handlers/orders/extra_payment.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/payment_outcome.hpp"
#include "actors/handlers/orders/refund_outcome.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/stripe/retrieve.hpp"
#include "providers/stripe/retrieve_refund.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;
namespace stripe = providers::stripe;

/// Others may have refunded a part already; then the rest is refunded, and the rest of that.
constexpr int refund_parts_max = 10;

order_facts facts_of(const payment_fact& payment) {
  order_facts f;
  f.payments.push_back(payment);
  return f;
}

// ── Charge ───────────────────────────────────────────────────────────────────────────────────

/// On record before Stripe is asked.
order_facts attempt_begun(const order_run& run, std::uint32_t attempt) {
  payment_fact payment;
  payment.attempt = attempt;
  payment.state = payment_state::pending;
  payment.method = run.placed()->payment_method;
  auto begun = facts_of(payment);
  begun.created_at = run.ctx().accepted_at();
  begun.updated_at = run.ctx().accepted_at();
  return begun;
}

payment_state state_of(stripe::payment_status status) {
  switch (status) {
  case stripe::payment_status::succeeded:
    return payment_state::paid;
  case stripe::payment_status::requires_action:
    return payment_state::requires_action;
  default:
    return payment_state::pending;
  }
}

payment_fact payment_of(std::uint32_t attempt, const std::string& currency,
                        const result<stripe::charge_outcome>& charged) {
  payment_fact p;
  p.attempt = attempt;
  if (charged) {
    p.state = state_of(charged->status);
    p.intent_id = charged->payment_intent_id;
    p.charge_id = charged->charge_id;
    p.amount = {charged->amount_received, currency};
  } else {
    const bool may_be_made = charged.error().kind == error_kind::missed;
    p.state = may_be_made ? payment_state::pending : payment_state::failed;
    p.reason = charged.error().message;
  }
  return p;
}

/// By another payment, since the one before was not made.
bool asks_to_pay_again(const order_run& run, const payment_fact& last) {
  const auto& wanted = *run.placed();
  const bool is_other_method = wanted.payment_method_given && wanted.payment_method != last.method;
  return wanted.retry || is_other_method;
}

/// Nothing is due: the order counts as paid, with no payment at Stripe that could be given back.
payment_fact nothing_to_pay(std::uint32_t attempt, const std::string& currency) {
  payment_fact p;
  p.attempt = attempt;
  p.state = payment_state::paid;
  p.amount = {0, currency};
  return p;
}

// ── Cancel, refund ───────────────────────────────────────────────────────────────────────────

/// Cancels a payment that is not money yet. False: it went on in the meantime.
task<bool> cancel_payment(order_run run, payment_fact p, std::string step) {
  auto ctx = run.ctx();
  stripe::cancel_intent_request request;
  request.ref = ctx.step(step, std::to_string(p.attempt));
  request.payment_intent_id = p.intent_id;
  auto stop = stripe::cancel_intent(request);
  auto stopped = co_await ctx.effect(std::move(stop));
  co_return stopped.has_value();
}

/// How the payment stands at Stripe, as an attempt of ours.
task<payment_fact> ask_for_payment(order_run run, payment_fact p) {
  auto ctx = run.ctx();
  stripe::retrieve_request request;
  request.ref = ctx.step("retrieve");
  request.payment_intent_id = p.intent_id;
  auto ask = stripe::retrieve(request);
  auto state = co_await ctx.effect(std::move(ask));
  if (!state)
    co_return p;
  switch (state->status) {
  case stripe::payment_status::succeeded:
    p.state = payment_state::paid;
    p.charge_id = state->charge_id;
    p.amount = {state->amount_received, state->currency};
    break;
  case stripe::payment_status::canceled: // By the shop, in Stripe's dashboard.
    p.state = payment_state::failed;
    p.reason = "the payment was cancelled";
    break;
  case stripe::payment_status::requires_payment_method: {
    // Failed. The customer still has its secret, so it is closed before another is begun.
    const bool closed = co_await cancel_payment(run, p, "close_payment");
    if (!closed) // Asked for again next time.
      co_return p;
    p.state = payment_state::failed;
    p.reason =
        state->decline_code.empty() ? "the customer did not authenticate it" : state->decline_code;
    break;
  }
  case stripe::payment_status::requires_action: // Still the customer's turn.
    break;
  default:
    co_await follow_payment(run, p, stripe::name_of(state->status));
    break;
  }
  co_return p;
}

struct refunds_made {
  payment_fact payment; ///< How far it came.
  std::string refusal;  ///< Why not to the end; empty where it did.
};

/// Refunds what is left of a payment: beside what callers asked for, and what was given back
/// before.
task<refunds_made> refund_all(order_run run, payment_fact p) {
  auto ctx = run.ctx();
  for (int part = 0; part < refund_parts_max; ++part) {
    const auto next = next_refund_of(run.facts(), p);
    if (p.amount.minor_units > 0 && left_of(run.facts(), p) <= 0) {
      p.state = is_all_given_back(run.facts(), p) ? payment_state::refunded
                                                  : payment_state::part_refunded;
      co_return refunds_made{std::move(p), {}};
    }
    p.refund_round = next.round;
    auto attempt = std::to_string(p.attempt);
    if (next.round > 0)
      attempt += '.' + std::to_string(next.round);
    stripe::refund_request request;
    request.ref = ctx.step("refund", attempt);
    request.payment_intent_id = p.intent_id;
    request.amount = {next.amount, p.amount.currency};
    auto refund = stripe::refund(request);
    auto refunded = co_await ctx.effect(std::move(refund));
    if (!refunded) {
      // A refusal that proves an earlier refund which was not found leaves the key as it is, and so
      // does a lost answer that nobody was to look for: the next try must not make a second one.
      const auto kind = refunded.error().kind;
      const bool may_be_made = kind == error_kind::done_before || kind == error_kind::missed;
      p.rounds[next.round] = {may_be_made ? refund_state::asked : refund_state::refused,
                              next.amount};
      co_return refunds_made{std::move(p), refunded.error().message};
    }
    co_await report_extra_refunds(run, refund_step(p.attempt, next.round), refunded->extra_ids);
    p.refund_id = std::max(p.refund_id, refunded->refund_id);
    if (refunded->left_minor > 0) { // Not made: others had given back so much.
      p.rounds[next.round] = {refund_state::refused, next.amount};
      p.by_others += refunded->refunded_minor;
      p.state = payment_state::part_refunded;
      continue;
    }
    // Accepted is not given back yet.
    const bool is_on_its_way =
        stripe::refund_stand_of(refunded->status) == stripe::refund_stand::on_its_way;
    p.rounds[next.round] = {is_on_its_way ? refund_state::accepted : refund_state::made,
                            refunded->refunded_minor > 0 ? refunded->refunded_minor : next.amount};
    if (is_on_its_way)
      co_await follow_refund(run, p, refunded->refund_id, refunded->status);
    else
      p.state = is_all_given_back(run.facts(), p) ? payment_state::refunded
                                                  : payment_state::part_refunded;
    if (p.amount.minor_units == 0 || left_of(run.facts(), p) <= 0)
      co_return refunds_made{std::move(p), {}};
  }
  co_return refunds_made{std::move(p), "others keep refunding parts of it"};
}

/// Gives one payment back; how it stands afterwards.
task<payment_fact> return_payment(order_run run, payment_fact p) {
  if (!is_money(p)) {
    const bool stopped = co_await cancel_payment(run, p, "cancel_intent");
    if (stopped) {
      p.state = payment_state::failed;
      p.reason = "cancelled";
      co_return p;
    }
  }
  auto made = co_await refund_all(run, p);
  if (!made.refusal.empty())
    co_await run.call_a_person("refund", made.refusal);
  co_return std::move(made.payment);
}

} // namespace

next_refund next_refund_of(const order_facts& facts, const payment_fact& p) {
  for (const auto& [round, refund] : p.rounds)
    if (refund.state == refund_state::asked)
      return {round, refund.amount};
  auto round = p.refund_round;
  if (p.rounds.empty() && !p.refund_id.empty()) // Made before rounds were on record.
    ++round;
  while (p.rounds.contains(round))
    ++round;
  return {round, std::max<std::int64_t>(0, left_of(facts, p))};
}

bool waits_for_customer(const order_run& run) {
  const auto& f = run.facts();
  const auto* p = f.last_payment();
  return run.goes_on() && p != nullptr && !p->intent_id.empty() && !f.cancelled && !f.cancelling &&
         (p->state == payment_state::requires_action || p->state == payment_state::pending);
}

task<void> check_payment(order_run run) {
  const auto waiting = *run.facts().last_payment();
  auto payment = co_await ask_for_payment(run, waiting);
  const bool is_decided =
      payment.state == payment_state::paid || payment.state == payment_state::failed;
  if (is_decided)
    payment_decided(run, payment);
  run.learn(facts_of(payment));
  if (!is_decided)
    co_return;
  run.payment_is(payment);
  co_await run.prepare();
  if (payment.state == payment_state::failed)
    post_failed_payment(run, payment);
}

task<void> take_up_payment(order_run run) {
  const auto& facts = run.facts();
  const auto* last = facts.last_payment();
  if (!run.goes_on() || run.payment() != nullptr || last == nullptr || !is_money(*last) ||
      facts.confirmed || forbids_shipping(facts))
    co_return;
  const auto paid = *last;
  co_await run.prepare();
  run.payment_is(paid);
}

bool wants_payment(const order_run& run) {
  if (!run.goes_on() || run.refused())
    return false;
  const auto* last = run.facts().last_payment();
  if (last == nullptr || is_out_of_stock(run.facts()))
    return true;
  return status_of(run.facts()) == "payment_failed" &&
         (asks_to_pay_again(run, *last) || run.asks_for_payment());
}

void refuse_second_charge(order_run run) {
  const auto* last = run.facts().last_payment();
  if (run.goes_on() && last != nullptr && may_have_been_made(*last) &&
      asks_to_pay_again(run, *last))
    run.refuse(may_be_charged(run.id()));
}

namespace {

/// The step that charges the order as it is now has begun.
durable::future<stripe::charge_outcome> begin_charge(const order_run& run, std::uint32_t attempt) {
  const order& placed = *run.placed();
  stripe::charge_request request;
  request.ref = run.ctx().step("charge", std::to_string(attempt));
  request.amount = placed.total;
  request.payment_method = placed.payment_method;
  request.customer = placed.payment_customer;
  return run.ctx().effect(stripe::charge(request));
}

} // namespace

task<void> take_payment(order_run run) {
  co_await run.prepare();
  auto ctx = run.ctx();
  const auto* last = run.facts().last_payment();
  const std::uint32_t attempt = last != nullptr ? last->attempt + 1 : 1;
  run.learn(attempt_begun(run, attempt));
  if (attempt == 1)
    post_new_order(run);

  const std::string currency = run.placed()->total.currency;
  if (run.placed()->total.minor_units == 0) {
    const auto payment = nothing_to_pay(attempt, currency);
    run.payment_is(payment);
    run.learn(facts_of(payment));
    co_return;
  }
  auto charging = begin_charge(run, attempt);
  auto charged = co_await charging;
  if (!charged && charged.error().kind == error_kind::cancelled) {
    run.undo();
    co_return;
  }
  const auto payment = payment_of(attempt, currency, charged);
  if (run.plan().payment_events)
    name_id(ctx, "stripe", payment.intent_id, {run.id(), "charge", std::to_string(attempt)});
  if (!charged && charged.error().kind != error_kind::rejected)
    co_await run.call_a_person("charge", payment.reason);
  run.payment_is(payment);
  if (charged)
    give_extra_back(run, *charged);
  if (charged && payment.state == payment_state::pending)
    co_await follow_payment(run, payment, stripe::name_of(charged->status));
  run.learn(facts_of(payment));
  co_await run.look_again();
  if (payment.state == payment_state::failed)
    post_failed_payment(run, payment);
}

task<std::vector<payment_fact>> return_payments(order_run run) {
  std::vector<payment_fact> returned;
  const auto payments = run.facts().payments; // A copy: the facts grow with each.
  for (const auto& p : payments) {
    payment_decided(run, p); // By whom it is given back now.
    if (!is_returnable(p))
      continue;
    if (!is_to_be_returned(run.facts(), p)) { // Accepted before, and followed.
      returned.push_back(p);
      continue;
    }
    auto payment = co_await return_payment(run, p);
    run.note(facts_of(payment));
    returned.push_back(std::move(payment));
  }
  co_return returned;
}

} // namespace orderhub::handlers
