#include "actors/handlers/orders/payment_withdrawal.hpp"

#include "actors/handlers/orders/payment.hpp"
#include "actors/handlers/orders/payment_outcome.hpp"
#include "providers/stripe/cancel_intent.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

using durable::task;
namespace stripe = providers::stripe;

task<void> withdraw_payment(order_run run) {
  auto ctx = run.ctx();
  auto payment = *run.facts().last_payment();
  stripe::cancel_intent_request request;
  request.ref = ctx.step("withdraw_payment", std::to_string(payment.attempt));
  request.payment_intent_id = payment.intent_id;
  auto withdraw = stripe::cancel_intent(request);
  auto withdrawn = co_await ctx.effect(std::move(withdraw));
  if (!withdrawn && withdrawn.error().kind == error_kind::cancelled) {
    run.undo();
    co_return;
  }
  if (!withdrawn) {
    co_await check_payment(run);
    co_return;
  }
  payment.state = payment_state::failed;
  payment.reason = "withdrawn, since the order was changed";
  payment_decided(run, payment);
  order_facts learned;
  learned.payments.push_back(std::move(payment));
  run.learn(learned);
}

} // namespace orderhub::handlers
