#include "actors/handlers/orders/free_goods.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/stock.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;

task<std::optional<std::string>> fulfilment_of(order_run run) {
  auto recorded = co_await run.ctx().get(claims_entry);
  if (!recorded)
    co_return std::nullopt;
  auto claims = fulfilment_claims::decode(*recorded);
  if (!claims) {
    run.fail(claims.error());
    co_return std::nullopt;
  }
  co_return claims->holder();
}

void stop_fulfilment(const order_run& run, const std::string& fulfilment) {
  run.ctx().send(fulfilment_object(fulfilment), "StopFulfilment", {});
}

task<bool> undo_fulfilment(order_run run, std::string fulfilment) {
  auto undoing = run.ctx().call(fulfilment_object(fulfilment), "CompensateFulfilment", {});
  auto status = co_await undoing;
  if (status && *status != "shipped")
    co_return false;
  // Neither ours to bring back nor to sell again.
  auto why = status ? std::string("its parcel has left the house") : status.error().message;
  co_await run.call_a_person("fulfilment", std::move(why));
  co_return true;
}

bool has_goods(const journal::object_state& state, const order_facts& f) {
  if (f.cancelled || f.cancelling)
    return false;
  const auto claims = claims_in(state.value(claims_entry));
  return f.stock.is_kept() || !claims || claims->holder().has_value();
}

handler_task free_goods(context ctx, std::string, settings_ptr settings) {
  order_run run(ctx, std::move(settings));

  // 1. As of now: it may have been cancelled, which frees them, or a dispute may be won.
  co_await run.look_again();
  if (run.failed() || run.facts().cancelled || run.facts().cancelling ||
      !forbids_shipping(run.facts()))
    co_return std::string("null");

  // 2. Nothing leaves the house.
  bool has_left = run.facts().shipment >= shipment_state::in_transit;
  const auto fulfilment = co_await fulfilment_of(run);
  if (fulfilment && !has_left) {
    stop_fulfilment(run, *fulfilment);
    has_left = co_await undo_fulfilment(run, *fulfilment);
  }

  // 3. The customer has the money again, so the shop has its goods.
  if (!has_left && is_sale_undone(run.facts()))
    co_await release_stock(run);
  run.learn();
  co_return std::string("null");
}

} // namespace orderhub::handlers
