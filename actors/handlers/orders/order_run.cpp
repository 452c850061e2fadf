#include "actors/handlers/orders/order_run.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/orders/order_view.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::task;

result<std::string> journaled_plan(settings_ptr s) {
  return plan_of(*s).encode();
}

/// Sent again, an order stays what it was; only how it is paid may change.
order paid_as(order first, const order& again) {
  first.payment_method = again.payment_method;
  first.payment_method_given = again.payment_method_given;
  first.payment_customer = again.payment_customer;
  first.retry = again.retry;
  return first;
}

} // namespace

order_run::order_run(context ctx, settings_ptr settings)
    : run_(std::make_shared<shared>(ctx, std::move(settings))) {}

void order_run::note(const order_facts& delta) {
  run_->noted = merge(run_->noted, delta);
  run_->facts = merge(run_->facts, delta);
}

void order_run::learn(const order_facts& delta) {
  note(delta);
  if (run_->noted == order_facts())
    return;
  run_->ctx.merge("facts", run_->noted.encode());
  run_->noted = {};
}

task<void> order_run::call_a_person(std::string step, std::string why) {
  order_facts delta;
  delta.attention[step] = why;
  note(delta);
  co_await handlers::call_a_person(ctx(), settings(), std::move(step), std::move(why));
}

task<void> order_run::look_again() {
  auto recorded = co_await run_->ctx.get("facts");
  if (!recorded)
    co_return;
  auto facts = order_facts::decode(*recorded);
  if (facts)
    run_->facts = merge(*facts, run_->noted);
  else
    fail(facts.error());
}

task<void> order_run::prepare() {
  if (run_->is_prepared)
    co_return;
  if (run_->facts.known()) {
    auto recorded = co_await run_->ctx.get("order");
    if (recorded)
      if (auto first = order::decode(*recorded))
        run_->placed = run_->placed ? paid_as(std::move(*first), *run_->placed) : std::move(*first);
  }
  auto decided = co_await run_->ctx.run("plan", &journaled_plan, run_->settings);
  run_->plan = order_plan::decode(decided ? *decided : std::string());
  run_->is_prepared = true;
}

void order_run::fail(const error& why) {
  if (!run_->failure)
    run_->failure = why;
}

result<std::string> order_run::response() {
  learn();
  if (run_->failure)
    return orderhub::fail(*run_->failure);
  if (run_->must_undo)
    return orderhub::fail(cancelled_meanwhile(id(), facts()));
  return order_response(id(), facts(), payment() == nullptr);
}

} // namespace orderhub::handlers
