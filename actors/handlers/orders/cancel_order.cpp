#include "actors/handlers/orders/cancel_order.hpp"

#include "actors/handlers/custom/custom_service.hpp"
#include "actors/handlers/orders/free_goods.hpp"
#include "actors/handlers/orders/fulfilment.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/payment.hpp"
#include "actors/handlers/orders/stock.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;

namespace {

error on_its_way(const std::string& order_id, const order_facts& f) {
  return {error_kind::rejected, "order",
          "Order " + order_id + " is " + std::string(status_of(f)) +
              " and can no longer be cancelled.",
          409};
}

bool has_refunded(const std::vector<payment_fact>& payments) {
  return std::any_of(payments.begin(), payments.end(),
                     [](const payment_fact& p) { return p.state == payment_state::refunded; });
}

/// What the customer is told of the money: what is true now.
refund_news news_of(const order_facts& facts, const std::vector<payment_fact>& payments) {
  const auto any = [&](auto holds) { return std::any_of(payments.begin(), payments.end(), holds); };
  if (any([&](const payment_fact& p) { return is_refund_under_way(facts, p); }))
    return refund_news::on_its_way;
  if (any([](const payment_fact& p) { return p.state == payment_state::part_refunded; }))
    return refund_news::part_given_back;
  return has_refunded(payments) ? refund_news::given_back : refund_news::none;
}

} // namespace

handler_task cancel_order(context ctx, std::string) {
  order_run run(ctx, nullptr);

  // 1. There is such an order, and its parcel is still ours. One that is cancelled stays so, also
  // where its parcel has moved meanwhile.
  co_await run.look_again();
  const auto& facts = run.facts();
  const bool has_left =
      facts.shipment == shipment_state::in_transit || facts.shipment == shipment_state::delivered;
  if (!facts.known())
    run.fail(no_such_order(run.id()));
  else if (has_left && !facts.cancelling && !facts.cancelled)
    run.fail(on_its_way(run.id(), facts));
  if (run.failed())
    co_return run.response();

  // 2. What is being done for it stops. What is in doubt is resolved first.
  ctx.cancel_running();

  // 3. What was done is undone, by a handler that nothing cancels.
  auto compensating = ctx.call(ctx.object(), "CompensateOrder", {});
  co_return co_await compensating;
}

handler_task compensate_order(context ctx, std::string, settings_ptr settings) {
  order_run run(ctx, std::move(settings));
  co_await compensate(run);
  if (run.failed())
    co_return run.response();
  co_return cancel_response(run.id(), run.facts());
}

task<void> compensate(order_run run) {
  run.ctx().shield();

  // 1. Cancelled before, and everything was undone: nothing is left to do.
  co_await run.look_again();
  const bool again = run.facts().cancelled;
  if (run.failed() || (again && !has_open_compensation(run.facts())))
    co_return;

  // 2. From now on the order is being cancelled, and no label is bought for it any more.
  co_await run.prepare();
  const bool had_label = may_have_label(run.facts());
  order_facts begun;
  begun.cancelling = true;
  run.learn(begun);
  if (had_label)
    stop_shipment(run);
  const auto fulfilment = co_await fulfilment_of(run);
  if (fulfilment)
    stop_fulfilment(run, *fulfilment);

  // 3. The money first: it does not wait for a carrier.
  const auto returned = co_await return_payments(run);
  run.learn();

  // 4. The label, where one was bought.
  if (had_label)
    co_await void_label(run);
  if (run.failed())
    co_return;

  // 5. Nothing leaves the house, and its goods are free for others.
  bool has_left = false;
  if (fulfilment)
    has_left = co_await undo_fulfilment(run, *fulfilment);
  if (!has_left)
    co_await release_stock(run);

  // 6. The order is cancelled.
  order_facts ended;
  ended.cancelled = true;
  if (is_open(run.facts(), tracking_step)) // Nobody needs it any more.
    ended.pending[std::string(tracking_step)] = "done";
  run.learn(ended);

  // 7. The customer and the shop are told, and once more where the money came back later.
  if (is_cancel_told(again, has_refunded(returned)))
    post_cancelled(run, again, news_of(run.facts(), returned));
  if (is_cancel_hooked(again, run.plan()))
    post_hook(run, providers::custom::hook::cancelled);
}

bool is_cancel_told(bool again, bool gives_back) {
  return !again || gives_back;
}

bool is_cancel_hooked(bool again, const order_plan& plan) {
  return !again &&
         (plan.hooks & static_cast<std::uint8_t>(providers::custom::hook::cancelled)) != 0;
}

} // namespace orderhub::handlers
