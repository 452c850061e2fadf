#include "actors/handlers/fulfilment/goods.hpp"

#include "providers/inventory/commit.hpp"
#include "providers/inventory/release.hpp"
#include "providers/inventory/reserve.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;
namespace inventory = providers::inventory;
using inventory::stock_status;

fulfilment_facts facts_of(goods_state goods) {
  fulfilment_facts f;
  f.goods = goods;
  return f;
}

void is_short(fulfilment_run& run, goods_state as, const inventory::stock_outcome& outcome) {
  auto learned = facts_of(as);
  for (const auto& line : outcome.lines)
    learned.missing.push_back({line.product_id, line.wanted, line.available});
  learned.ending = "out_of_stock";
  run.learn(std::move(learned));
}

/// Who else could be asked to settle it.
task<void> is_refused(fulfilment_run run, std::string step, error why) {
  if (why.kind == error_kind::cancelled) {
    run.cancel();
    co_return;
  }
  const bool may_be_held = why.kind == error_kind::missed; // Then it is put back with the rest.
  if (step == "reserve_stock" && run.facts().goods == goods_state::asked && !may_be_held)
    run.learn(facts_of(goods_state::refused));
  co_await run.call_a_person(step, why.message);
  run.end("failed",
          (may_be_held ? "the inventory may have done it: " : "the inventory refused it: ") +
              why.message);
}

task<void> sell(fulfilment_run run) {
  auto ctx = run.ctx();
  auto selling = inventory::commit(run.step("commit_stock"));
  auto sold = co_await ctx.effect(std::move(selling));
  if (!sold)
    co_await is_refused(run, "commit_stock", sold.error());
  else if (sold->status != stock_status::committed)
    is_short(run, goods_state::lost, *sold);
  else if (run.facts().goods == goods_state::held) // The order's own stay the order's.
    run.learn(facts_of(goods_state::sold));
}

} // namespace

task<void> take_goods(fulfilment_run run) {
  if (!run.plan().stock) {
    run.learn(facts_of(goods_state::skipped));
    co_return;
  }

  // 1. On record before the inventory is asked, and whose they are: what the order has is not put
  //    back with the fulfilment.
  const bool is_orders = run.order().has_stock;
  run.learn(facts_of(is_orders ? goods_state::ordered : goods_state::asked));

  // 2. Held, all of them or none; where the order has them, these are they.
  auto ctx = run.ctx();
  inventory::reserve_request request;
  request.ref = run.step("reserve_stock");
  for (const auto& item : run.wanted().items)
    request.items.push_back({item.product_id, item.quantity});
  auto reserving = inventory::reserve(request);
  auto held = co_await ctx.effect(std::move(reserving));
  if (!held) {
    co_await is_refused(run, "reserve_stock", held.error());
    co_return;
  }
  if (held->status == stock_status::out_of_stock) {
    is_short(run, goods_state::refused, *held);
    co_return;
  }

  // 3. Nobody else gets what is to be picked.
  if (held->status != stock_status::committed) {
    if (!is_orders)
      run.learn(facts_of(goods_state::held));
    co_await sell(run);
  } else if (!is_orders) {
    run.learn(facts_of(goods_state::sold));
  }
}

task<void> put_goods_back(fulfilment_run run) {
  if (!keeps_goods(run.facts()))
    co_return;
  auto ctx = run.ctx();
  auto releasing = inventory::release(run.step("release_stock", run.facts().undoing));
  if (run.is_given_up() && run.facts().goods == goods_state::asked)
    co_await until_surely_over(ctx, releasing.raw.absence_after_ms);
  auto released = co_await ctx.effect(std::move(releasing));
  if (released)
    run.learn(facts_of(goods_state::released));
  else
    co_await run.call_a_person("release_stock", released.error().message);
}

} // namespace orderhub::handlers
