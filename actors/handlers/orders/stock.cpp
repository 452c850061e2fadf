#include "actors/handlers/orders/stock.hpp"

#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/stock_and_refund_view.hpp"
#include "providers/inventory/commit.hpp"
#include "providers/inventory/release.hpp"
#include "providers/inventory/reserve.hpp"

#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

namespace {

using durable::task;
namespace inventory = providers::inventory;

order_facts facts_of(stock_fact stock) {
  order_facts f;
  f.stock = std::move(stock);
  return f;
}

/// On record before the inventory is asked.
order_facts round_begun(const order_run& run) {
  order_facts begun = facts_of({run.facts().stock.round + 1, stock_state::asked, {}, {}});
  begun.created_at = run.ctx().accepted_at();
  begun.updated_at = run.ctx().accepted_at();
  return begun;
}

std::vector<short_item> short_items(const inventory::stock_outcome& outcome) {
  std::vector<short_item> items;
  for (const auto& line : outcome.lines)
    items.push_back({line.product_id, line.wanted, line.available});
  return items;
}

stock_fact reserved(stock_fact stock, const result<inventory::stock_outcome>& outcome) {
  stock.state = stock_state::refused;
  if (!outcome) {
    stock.reason = outcome.error().message;
  } else if (outcome->status != inventory::stock_status::out_of_stock) {
    stock.state = stock_state::held;
  } else {
    stock.missing = short_items(*outcome);
    stock.reason = "out of stock";
  }
  return stock;
}

std::string attempt_of(const order_run& run) {
  return std::to_string(run.facts().stock.round);
}

/// One that was refused is stored under its key at the inventory: each later one has its own.
std::string release_attempt_of(const order_run& run) {
  const auto attempt = attempt_of(run);
  return run.facts().attention.contains("release_stock")
             ? attempt + '.' + run.ctx().invocation().text()
             : attempt;
}

bool is_paid(const order_facts& f) {
  const auto* payment = f.last_payment();
  return payment != nullptr && is_money(*payment);
}

bool is_unpaid_for_good(const order_facts& f) {
  const auto* payment = f.last_payment();
  return payment != nullptr && payment->state == payment_state::failed;
}

/// What the inventory holds for the order, or may, is free for others: by its id, so again is the
/// same. False: it is not, and a person knows, or the order is undone.
task<bool> put_back(order_run run) {
  auto ctx = run.ctx();
  auto release = inventory::release(ctx.step("release_stock", release_attempt_of(run)));
  // A call of which nobody knows may be at work still: what it holds then is not there yet.
  const auto& stock = run.facts().stock;
  if (stock.state == stock_state::asked && !stock.reason.empty()) {
    auto pause = ctx.sleep(release.raw.absence_after_ms);
    auto passed = co_await pause;
    if (!passed) {
      run.undo();
      co_return false;
    }
  }
  auto released = co_await ctx.effect(std::move(release));
  if (released)
    co_return true;
  if (released.error().kind == error_kind::cancelled)
    run.undo();
  else
    co_await run.call_a_person("release_stock", released.error().message);
  co_return false;
}

/// Its answer was lost, and by its policy in doubt nobody looks: the order does without the goods,
/// and nobody keeps them for it. Where they cannot be put back they count as kept.
task<stock_fact> give_up_reservation(order_run run, error why) {
  auto stock = run.facts().stock;
  stock.reason = why.message;
  run.learn(facts_of(stock));
  const bool is_free = co_await put_back(run);
  if (is_free)
    stock.state = stock_state::refused;
  co_return stock;
}

task<void> commit_stock(order_run run) {
  auto ctx = run.ctx();
  auto sell = inventory::commit(ctx.step("commit_stock", attempt_of(run)));
  auto sold = co_await ctx.effect(std::move(sell));
  auto stock = run.facts().stock;
  if (sold && sold->status == inventory::stock_status::committed) {
    stock.state = stock_state::committed;
    run.learn(facts_of(std::move(stock)));
    co_return;
  }
  run.undo();
  if (sold) {
    stock.state = stock_state::lost;
    stock.missing = short_items(*sold);
    stock.reason = "it went elsewhere while the order was paid";
    run.learn(facts_of(std::move(stock)));
  } else if (sold.error().kind != error_kind::cancelled) {
    co_await run.call_a_person("commit_stock", sold.error().message);
  }
}

} // namespace

task<void> reserve_stock(order_run run) {
  co_await run.prepare();
  if (!run.plan().stock)
    co_return;
  if (run.facts().stock.is_kept())
    co_await release_stock(run);
  if (!run.goes_on())
    co_return;
  run.learn(round_begun(run));

  auto ctx = run.ctx();
  inventory::reserve_request request;
  request.ref = ctx.step("reserve_stock", attempt_of(run));
  for (const auto& item : run.placed()->items)
    request.items.push_back({item.product_id, item.quantity});
  auto reserve = inventory::reserve(request);
  auto outcome = co_await ctx.effect(std::move(reserve));
  if (!outcome && outcome.error().kind == error_kind::cancelled) {
    run.undo();
    co_return;
  }
  if (!outcome)
    co_await run.call_a_person("reserve_stock", outcome.error().message);
  auto stock = reserved(run.facts().stock, outcome);
  if (!outcome && outcome.error().kind == error_kind::missed)
    stock = co_await give_up_reservation(run, outcome.error());
  const bool is_held = stock.state == stock_state::held;
  run.learn(facts_of(std::move(stock)));
  if (is_held || !run.goes_on())
    co_return;
  post_out_of_stock(run);
  run.refuse(out_of_stock(run.id(), run.facts()));
}

task<void> settle_stock(order_run run) {
  if (!run.goes_on())
    co_return;
  if (run.facts().stock.state == stock_state::held && is_paid(run.facts()))
    co_await commit_stock(run);
  else if (run.facts().stock.is_kept() && is_unpaid_for_good(run.facts()))
    co_await release_stock(run);
}

task<void> release_stock(order_run run) {
  if (!run.facts().stock.is_kept())
    co_return;
  const bool is_free = co_await put_back(run);
  if (!is_free)
    co_return;
  auto stock = run.facts().stock;
  stock.state = stock_state::released;
  run.note(facts_of(std::move(stock)));
}

} // namespace orderhub::handlers
