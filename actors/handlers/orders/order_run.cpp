#include "actors/handlers/orders/order_run.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/orders/order_changes.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/stock_and_refund_view.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::task;

result<std::string> journaled_plan(settings_ptr s) {
  return plan_of(*s).encode();
}

/// Sent again, an order stays what was recorded of it; how it is paid is not its content.
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

task<void> order_run::recall() {
  if (run_->recorded)
    co_return;
  auto bytes = co_await run_->ctx.get("order");
  if (!bytes)
    co_return;
  auto recorded = order::decode(*bytes);
  if (!recorded) {
    if (run_->sent)
      fail(recorded.error());
    co_return;
  }
  run_->recorded = std::make_shared<const order>(std::move(*recorded));
  run_->placed = run_->sent ? std::make_shared<const order>(paid_as(*run_->recorded, *run_->sent))
                            : run_->recorded;
}

task<void> order_run::take_sent(std::vector<std::string> fields) {
  order_change change;
  change.fields = std::move(fields);
  auto now = co_await run_->ctx.time();
  if (now)
    change.at = std::stoll(*now);
  auto before = co_await run_->ctx.get("changes");
  run_->ctx.set("changes", with_change(before ? &*before : nullptr, std::move(change)));
  run_->ctx.set("order", run_->sent->encode());
  run_->recorded = run_->sent;
  run_->placed = run_->sent;
}

task<void> order_run::prepare() {
  if (run_->is_prepared)
    co_return;
  if (run_->facts.known())
    co_await recall();
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
  if (run_->must_undo && facts().stock.state == stock_state::lost)
    return orderhub::fail(out_of_stock(id(), facts()));
  if (run_->must_undo)
    return orderhub::fail(cancelled_meanwhile(id(), facts()));
  if (run_->refusal)
    return orderhub::fail(*run_->refusal);
  return order_response(id(), facts(), payment() == nullptr);
}

} // namespace orderhub::handlers
