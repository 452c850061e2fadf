#include "actors/handlers/fulfilment/fulfil.hpp"

#include "actors/handlers/fulfilment/fulfilment_run.hpp"
#include "actors/handlers/fulfilment/fulfilment_view.hpp"
#include "actors/handlers/fulfilment/goods.hpp"
#include "actors/handlers/fulfilment/jobs.hpp"
#include "actors/handlers/fulfilment/shipped.hpp"
#include "actors/handlers/objects.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;

namespace {

/// Whether a request is another try of a round that ended without effect.
bool is_another_try(const fulfilment_facts& f, const fulfilment_wanted& sent, bool differs) {
  return f.is_over() &&
         (sent.retry || differs || f.ending == "refused" || f.ending == "out_of_stock");
}

/// The first time it is stored; after that it is the one that we know. True: a round has begun.
task<bool> open_round(fulfilment_run run, std::string body) {
  auto sent = fulfilment_wanted::decode(body);
  if (!sent) {
    run.fail(sent.error());
    co_return false;
  }
  co_await run.look_again();
  if (run.failed())
    co_return false;
  if (!run.facts().known()) {
    run.begin_round(std::move(*sent));
    co_return true;
  }
  const auto differs = differing_parts(run.wanted(), *sent);
  const bool is_of_another_order = run.wanted().order_id != sent->order_id;
  if (!is_of_another_order && is_another_try(run.facts(), *sent, !differs.empty())) {
    run.begin_round(std::move(*sent));
    co_return true;
  }
  if (!differs.empty())
    run.fail(of_something_else(run.key(), differs));
  co_return false;
}

/// The order lets nobody else fulfil it from here on, and says whether it may ship.
task<void> ask_order(fulfilment_run run) {
  const fulfilment_claim claim{run.key(), run.facts().round};
  auto asking =
      run.ctx().call(order_object(run.wanted().order_id), "ClaimFulfilment", claim.encode());
  auto said = co_await asking;
  if (!said && said.error().kind == error_kind::cancelled) {
    run.cancel();
    co_return;
  }
  if (!said) {
    run.end("refused", said.error().message);
    co_return;
  }
  run.order_is(std::move(*said));
}

/// What was done is undone, the last first, by steps that no cancel reaches.
task<void> compensate(fulfilment_run run) {
  run.ctx().shield();
  co_await run.look_again();
  if (run.failed() || run.facts().has_left())
    co_return;
  if (has_open_undo(run.facts())) {
    fulfilment_facts begun;
    begun.undoing = run.facts().undoing + 1;
    run.learn(std::move(begun));
  }

  // 1. Nobody comes for the parcel. Too late: then it has left, and all of it stands.
  co_await call_off(run, &pickup);
  if (run.facts().has_left())
    co_return;

  // 2. The goods are unpacked, and back on the shelf.
  co_await call_off(run, &pick_ticket);
  co_await put_goods_back(run);

  // 3. It has ended, and the order is free for another fulfilment.
  fulfilment_facts ended;
  ended.ended = true;
  ended.cancelled = run.facts().cancelling;
  run.learn(std::move(ended));
  if (run.facts().ending == "refused")
    co_return;
  const fulfilment_claim claim{run.key(), run.facts().round};
  run.ctx().send(order_object(run.wanted().order_id), "ReleaseFulfilment", claim.encode());
}

void skip(fulfilment_run& run, const job_kind& kind) {
  fulfilment_facts skipped;
  (skipped.*kind.fact).stand = job_stand::skipped;
  run.learn(std::move(skipped));
}

void end_without(fulfilment_run& run, const char* ending) {
  fulfilment_facts ended;
  ended.ending = ending;
  ended.ended = true;
  run.learn(std::move(ended));
}

} // namespace

handler_task fulfil(context ctx, std::string body, settings_ptr settings) {
  fulfilment_run run(ctx, std::move(settings));

  // 1. It is new, or we know it already.
  const bool is_new = co_await open_round(run, std::move(body));
  if (!is_new)
    co_return run.response();
  co_await run.prepare();
  const auto plan = run.plan();

  // 2. Its order may ship, and nobody else fulfils it. Nobody does where there is nobody.
  if (plan.warehouse || plan.carrier)
    co_await ask_order(run);
  else
    end_without(run, "skipped");

  // 3. There are goods to be picked.
  if (run.goes_on())
    co_await take_goods(run);

  // 4. The warehouse packs them.
  if (run.goes_on() && plan.warehouse)
    co_await have_done(run, &pick_ticket, plan.packed_timeout_ms);
  else if (run.goes_on())
    skip(run, pick_ticket);

  // 5. The carrier fetches them.
  if (run.goes_on() && plan.carrier)
    co_await have_done(run, &pickup, plan.pickup_timeout_ms);
  else if (run.goes_on())
    skip(run, pickup);

  // 6. Refused, failed, too late or cancelled: undone, unless the parcel has left.
  if (run.must_undo())
    co_await compensate(run);

  // 7. It has left: the order knows, and the customer is told.
  if (run.facts().has_left())
    co_await tell_shipped(run);
  else if (run.goes_on())
    end_without(run, "packed");

  co_return run.response();
}

handler_task cancel_fulfilment(context ctx, std::string) {
  fulfilment_run run(ctx, nullptr);

  // 1. There is one, and the parcel is still ours.
  co_await run.look_again();
  if (!run.facts().known())
    run.fail(no_such_fulfilment(run.key()));
  else if (run.facts().has_left())
    run.fail(has_left(run.key()));
  if (run.failed())
    co_return run.response();

  // 2. What is being done for it stops. What is in doubt is resolved first.
  ctx.cancel_running();

  // 3. What was done is undone, by a handler that nothing cancels.
  auto compensating = ctx.call(ctx.object(), "CompensateFulfilment", {});
  auto undone = co_await compensating;
  if (!undone)
    co_return undone.failure();
  co_await run.look_again();
  if (run.facts().has_left())
    run.fail(has_left(run.key()));
  if (run.failed())
    co_return run.response();
  co_return fulfilment_response(run.key(), run.wanted(), run.facts());
}

handler_task compensate_fulfilment(context ctx, std::string, settings_ptr settings) {
  fulfilment_run run(ctx, std::move(settings));
  co_await run.look_again();
  if (run.failed())
    co_return run.response();
  if (!run.facts().known())
    co_return std::string("unknown");
  co_await run.prepare();
  if (!run.facts().has_left()) {
    if (!run.facts().cancelling)
      run.cancel();
    if (!run.facts().cancelled || has_open_undo(run.facts()))
      co_await compensate(run);
  }
  if (run.failed())
    co_return run.response();
  if (run.facts().has_left())
    co_await tell_shipped(run);
  co_return std::string(status_of(run.facts()));
}

} // namespace orderhub::handlers
