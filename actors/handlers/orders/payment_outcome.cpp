#include "actors/handlers/orders/payment_outcome.hpp"

#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/orders/process_order.hpp"
#include "providers/stripe/retrieve.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace stripe = providers::stripe;

namespace {

/// What the bank has decided on. (`requires_action` is the customer's turn, who may still come.)
bool is_decided(stripe::payment_status status) {
  return status == stripe::payment_status::succeeded ||
         status == stripe::payment_status::canceled ||
         status == stripe::payment_status::requires_payment_method;
}

/// Somebody still waits for that attempt's bank.
bool is_awaited(const order_facts& facts, const follow_up& what) {
  const auto* payment = facts.last_payment();
  return payment != nullptr && payment->attempt == what.attempt && is_at_bank(facts, *payment) &&
         !facts.cancelled && !facts.cancelling;
}

} // namespace

task<void> follow_payment(order_run run, payment_fact payment, std::string status) {
  if (is_at_bank(run.facts(), payment))
    co_return;
  order_facts open;
  open.pending[payment_step(payment)] = "the bank has not decided";
  run.note(open);
  follow_up what;
  what.step = payment_step(payment);
  what.subject = payment.intent_id;
  what.attempt = payment.attempt;
  what.last = std::move(status);
  co_await ask_later(run.ctx(), run.settings(), payment_follower, std::move(what));
}

void payment_decided(order_run run, const payment_fact& payment) {
  if (!is_open(run.facts(), payment_step(payment)))
    return;
  order_facts closed;
  closed.pending[payment_step(payment)] = "done";
  run.note(closed);
}

handler_task follow_payment_once(context ctx, std::string body, settings_ptr settings) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();

  // 1. Somebody asked meanwhile, or it was cancelled: then it is not followed any more.
  order_run run(ctx, settings);
  co_await run.look_again();
  if (run.failed() || !is_awaited(run.facts(), *what)) {
    co_await ask_no_more(ctx, settings, *what);
    co_return std::string("null");
  }

  // 2. How does it stand?
  stripe::retrieve_request request;
  request.ref =
      ctx.step("follow_payment", std::to_string(what->attempt) + '.' + std::to_string(what->polls));
  request.payment_intent_id = what->subject;
  auto ask = stripe::retrieve(request);
  auto state = co_await ctx.effect(std::move(ask));

  // 3. Decided: the order goes on. Else, and where Stripe refuses to say, asked again later.
  if (state && is_decided(state->status)) {
    co_await ask_no_more(ctx, settings, *what);
    ctx.send(ctx.object(), "SettlePayment", what->encode());
    co_return std::string("null");
  }
  ++what->polls;
  what->last = state ? stripe::name_of(state->status) : state.error().message;
  co_await ask_later(ctx, settings, payment_follower, *what);
  co_return std::string("null");
}

handler_task settle_payment(context ctx, std::string body, settings_ptr settings) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();
  order_run run(ctx, settings);
  co_await run.look_again();
  co_await carry_on(run);
  // Stripe would not say, or not let a failed payment be closed: asked again later.
  if (!run.failed() && is_awaited(run.facts(), *what)) {
    ++what->polls;
    co_await ask_later(ctx, settings, payment_follower, *what);
  }
  co_return run.response();
}

} // namespace orderhub::handlers
