#include "actors/handlers/orders/process_order.hpp"

#include "actors/handlers/custom/custom_service.hpp"
#include "actors/handlers/orders/address_validation.hpp"
#include "actors/handlers/orders/cancel_order.hpp"
#include "actors/handlers/orders/changed_order.hpp"
#include "actors/handlers/orders/fulfilment.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/payment.hpp"
#include "actors/handlers/orders/stock.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;

namespace {

/// The order as this request brings it; false where it cannot be read.
bool place(order_run run, const std::string& body) {
  auto placed = order::decode(body);
  if (!placed) {
    run.fail(placed.error());
    return false;
  }
  run.place(std::move(*placed));
  return true;
}

/// Stored the first time, unless its address is refused; after that it is the order that we know.
/// One that was cancelled stays so.
task<void> open_order(order_run run, std::string body) {
  if (!place(run, body))
    co_return;
  co_await run.look_again();
  if (!run.goes_on())
    co_return;
  if (!run.facts().known()) {
    if (const auto refused = co_await validate_address(run))
      run.fail(*refused);
    if (run.goes_on())
      run.ctx().set("order", std::move(body));
    co_return;
  }
  const auto& facts = run.facts();
  if (facts.cancelled || facts.cancelling)
    run.fail(stays_cancelled(run.id(), facts));
  else
    co_await run.recall();
}

task<void> deliver(order_run run) {
  // 0. Whoever waits for the money hears that it is there.
  if (run.payment() != nullptr && is_money(*run.payment()))
    post_hook(run, providers::custom::hook::paid, run.payment()->attempt);

  // 1. What is paid for is sold, what was not is free again. Gone meanwhile, the order is undone.
  co_await settle_stock(run);

  // 2. It is paid: the parcel gets its label. One that comes late does not hold the order up.
  if (may_ship(run))
    co_await get_label(run);

  // 3. The order is confirmed, and customer and shop are told.
  if (may_confirm(run))
    co_await confirm(run);

  // 4. It was cancelled meanwhile, or has no stock, or no label where the shop wants none without:
  // undone.
  if (run.must_undo())
    co_await compensate(run);
}

} // namespace

task<void> carry_on(order_run run) {
  if (waits_for_customer(run))
    co_await check_payment(run);
  else
    co_await take_up_payment(run);
  co_await deliver(run);
}

handler_task process_order(context ctx, std::string body, settings_ptr settings) {
  order_run run(ctx, std::move(settings));

  // 1. The order is new, or we know it already.
  co_await open_order(run, std::move(body));

  // 2. Its customer had to authenticate the payment: has that happened meanwhile?
  if (waits_for_customer(run))
    co_await check_payment(run);

  // 3. A charge that may have been made is not made again.
  refuse_second_charge(run);

  // 4. It came with other content: taken where nothing was done for the old one yet, else refused.
  if (is_changed(run))
    co_await take_changes(run);

  // 5. Its goods are held for it; where there are not enough, that is all that happens.
  if (wants_payment(run))
    co_await reserve_stock(run);

  // 6. The card is charged: once, and again only after a decline, when the caller asks for it.
  if (wants_payment(run))
    co_await take_payment(run);

  // 7. Paid, it is shipped and confirmed.
  co_await deliver(run);

  co_return run.response();
}

} // namespace orderhub::handlers
