#include "actors/handlers/orders/refund_order.hpp"

#include "actors/handlers/orders/extra_payment.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/refund_outcome.hpp"
#include "actors/handlers/orders/refund_request.hpp"
#include "actors/handlers/orders/stock_and_refund_view.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/stripe/retrieve_refund.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
using durable::task;
namespace stripe = providers::stripe;

/// Others may go on giving back parts of it meanwhile.
constexpr int refund_parts_max = 10;

order_facts facts_of(const std::string& refund_id, refund_fact refund) {
  order_facts f;
  f.refunds.emplace(refund_id, std::move(refund));
  return f;
}

error refused(const std::string& why) {
  return {error_kind::rejected, "refund", why, 409};
}

std::string shown(const order_facts& f, std::int64_t amount, std::uint32_t attempt) {
  return tables::shown({amount, f.payment_of(attempt)->amount.currency});
}

/// Some money came in, whatever became of it.
bool was_paid(const order_facts& f) {
  return std::any_of(f.payments.begin(), f.payments.end(), [](const payment_fact& p) {
    return p.state >= payment_state::paid && !p.intent_id.empty();
  });
}

/// None of the order's has had it: each has a key of its own.
std::uint32_t next_number(const refund_facts& refunds) {
  std::uint32_t last = 0;
  for (const auto& [name, r] : refunds)
    last = std::max(last, r.number);
  return last + 1;
}

/// The refund as it is to be made; or why there is none.
result<refund_fact> refund_for(const std::string& order_id, const order_facts& f,
                               const refund_wanted& wanted) {
  if (f.cancelled || f.cancelling)
    return fail(refused("Order " + order_id +
                        " is cancelled, which gives all of it back. Where money is still out, send "
                        "CancelOrder again."));
  if (!was_paid(f))
    return fail(
        refused((f.payment_with_money() != nullptr ? "Order " + order_id + " costs nothing"
                                                   : "Nothing is paid of order " + order_id) +
                ", so there is nothing to refund; it is " + std::string(status_of(f)) + '.'));
  const auto* payment = f.payment_with_money();
  const auto left = left_to_refund(f);
  if (payment == nullptr || left <= 0)
    return fail(refused("Nothing of order " + order_id + " is left to refund; it is " +
                        std::string(status_of(f)) + '.'));
  if (wanted.amount > left)
    return fail(refused("Of order " + order_id + " only " + shown(f, left, payment->attempt) +
                        " is left to refund. Nothing was refunded."));
  if (f.refunds.size() >= refunds_max)
    return fail(refused("Order " + order_id + " has " + std::to_string(refunds_max) +
                        " refunds, which is the most that one can have."));
  refund_fact refund;
  refund.number = next_number(f.refunds);
  refund.attempt = payment->attempt;
  refund.amount = wanted.amount > 0 ? wanted.amount : left;
  refund.reason = wanted.reason;
  return refund;
}

/// The caller's answer, now and whenever the same is asked for again.
result<std::string> answer_of(const order_run& run, const std::string& refund_id) {
  const auto& refund = run.facts().refunds.at(refund_id);
  if (refund.stands())
    return refund_response(run.id(), refund_id, run.facts());
  return fail(refused("Refund " + refund_id + " of order " + run.id() +
                      (refund.state == refund_state::failed ? " has failed: " : " was refused: ") +
                      refund.why + ". To try again, send another refundId."));
}

/// Whether the same name was used for another amount.
bool is_another(const refund_wanted& wanted, const refund_fact& before) {
  return wanted.amount > 0 && wanted.amount != before.amount;
}

refund_fact after(refund_fact refund, const std::string& currency,
                  const result<stripe::refund_outcome>& outcome) {
  if (!outcome) {
    refund.why = outcome.error().message;
    if (outcome.error().kind != error_kind::missed) // Which says that it may have been made.
      refund.state = refund_state::refused;
    return refund;
  }
  if (outcome->left_minor > 0) { // Others gave back so much that this one can't be made.
    refund.state = refund_state::refused;
    refund.why = "only " + tables::shown({outcome->left_minor, currency}) +
                 " of it is left, since others have refunded a part";
    return refund;
  }
  refund.refund_id = outcome->refund_id;
  refund.state = stripe::refund_stand_of(outcome->status) == stripe::refund_stand::on_its_way
                     ? refund_state::accepted
                     : refund_state::made;
  return refund;
}

/// Of what Stripe says is left beside others' refunds: another refund under the same name, with a
/// number, and so a key, of its own. What others have given back is known from now on.
order_facts rest_of(const order_facts& f, const std::string& refund_id, const refund_fact& asked,
                    const stripe::refund_outcome& met) {
  auto rest = asked;
  rest.number = next_number(f.refunds);
  rest.amount = met.left_minor;
  return facts_of(refund_id, std::move(rest));
}

payment_fact given_back_by_others(const payment_fact& known, const stripe::refund_outcome& met) {
  payment_fact p;
  p.attempt = known.attempt;
  p.state = payment_state::part_refunded;
  p.by_others = known.by_others + met.refunded_minor;
  return p;
}

/// One call of Stripe's, of the refund as it is on record now.
task<result<stripe::refund_outcome>> ask_stripe(order_run run, std::string refund_id) {
  auto ctx = run.ctx();
  const auto asked = run.facts().refunds.at(refund_id);
  const auto payment = *run.facts().payment_of(asked.attempt);
  stripe::refund_request request;
  request.ref = ctx.step("refund_order", std::to_string(asked.number));
  request.payment_intent_id = payment.intent_id;
  request.amount = {asked.amount, payment.amount.currency};
  auto refund = stripe::refund(request);
  auto outcome = co_await ctx.effect(std::move(refund));
  if (outcome && outcome->left_minor > 0) {
    order_facts met;
    met.payments.push_back(given_back_by_others(payment, *outcome));
    run.note(met);
  }
  co_return outcome;
}

/// Stripe gives it back: once, or refuses it. `is_of_rest`: where others have given back a part,
/// the rest of it.
task<void> give_back(order_run run, std::string refund_id, bool is_of_rest) {
  auto outcome = co_await ask_stripe(run, refund_id);
  for (int part = 1; is_of_rest && outcome && outcome->left_minor > 0 && part < refund_parts_max;
       ++part) {
    run.learn(rest_of(run.facts(), refund_id, run.facts().refunds.at(refund_id), *outcome));
    outcome = co_await ask_stripe(run, refund_id);
  }
  const auto asked = run.facts().refunds.at(refund_id);
  const auto refunded =
      after(asked, run.facts().payment_of(asked.attempt)->amount.currency, outcome);
  if (outcome)
    co_await report_extra_refunds(run, step_of(asked), outcome->extra_ids);
  if (!outcome && outcome.error().kind != error_kind::rejected &&
      outcome.error().kind != error_kind::cancelled)
    co_await run.call_a_person(step_of(asked), refunded.why);
  if (refunded.state == refund_state::accepted)
    co_await follow_named_refund(run, refund_id, refunded, outcome->status);
  run.learn(facts_of(refund_id, refunded));
  if (refunded.state == refund_state::made)
    named_refund_made(run, refund_id, refunded);
}

} // namespace

handler_task refund_order(context ctx, std::string body, settings_ptr settings) {
  auto wanted = refund_wanted::decode(body);
  if (!wanted)
    co_return wanted.failure();
  order_run run(ctx, std::move(settings));

  // 1. There is such an order.
  co_await run.look_again();
  if (!run.facts().known())
    run.fail(no_such_order(run.id()));
  if (run.failed())
    co_return run.response();

  // 2. Asked for before: the same answer, and nothing is done.
  const auto before = run.facts().refunds.find(wanted->refund_id);
  if (before != run.facts().refunds.end() && is_another(*wanted, before->second))
    co_return fail(refused("Refund " + wanted->refund_id + " of order " + run.id() + " is over " +
                           shown(run.facts(), before->second.amount, before->second.attempt) +
                           ". Another amount needs another refundId."));
  if (before != run.facts().refunds.end())
    co_return answer_of(run, wanted->refund_id);

  // 3. So much is left. From here on it counts as made.
  auto refund = refund_for(run.id(), run.facts(), *wanted);
  if (!refund)
    co_return refund.failure();
  co_await run.prepare();
  if (run.failed())
    co_return run.response();
  run.learn(facts_of(wanted->refund_id, std::move(*refund)));

  // 4. Stripe gives it back, and customer and shop are told.
  co_await give_back(run, wanted->refund_id, wanted->amount == 0);
  co_return answer_of(run, wanted->refund_id);
}

} // namespace orderhub::handlers
