#include "actors/handlers/fulfilment/jobs.hpp"

#include "actors/handlers/fulfilment/job_word.hpp"
#include "providers/carrier/pickup.hpp"
#include "providers/warehouse/pick_ticket.hpp"

#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace contracts = providers::contracts;

const job_kind pick_ticket{"the warehouse",
                           "has not packed the goods",
                           "pick_ticket",
                           "cancel_pick_ticket",
                           "follow_pick_ticket",
                           &fulfilment_facts::ticket,
                           &ticket_follower,
                           true,
                           &providers::warehouse::create_pick_ticket,
                           &providers::warehouse::cancel_pick_ticket,
                           &providers::warehouse::read_pick_ticket};
const job_kind pickup{"the carrier",
                      "has not picked up the parcel",
                      "pickup",
                      "cancel_pickup",
                      "follow_pickup",
                      &fulfilment_facts::pickup,
                      &pickup_follower,
                      false,
                      &providers::carrier::request_pickup,
                      &providers::carrier::cancel_pickup,
                      &providers::carrier::read_pickup};

namespace {

fulfilment_facts facts_of(const job_kind& kind, job_stand stand, std::string reason = {}) {
  fulfilment_facts f;
  (f.*kind.fact).stand = stand;
  (f.*kind.fact).reason = std::move(reason);
  return f;
}

contracts::job_request request_of(const fulfilment_run& run, const job_kind& kind) {
  contracts::job_request request;
  request.ref = run.step(kind.create_step);
  if (kind.has_items)
    for (const auto& item : run.wanted().items)
      request.items.push_back({item.product_id, item.quantity});
  const auto& to = run.wanted().ship_to;
  request.ship_to = {to.name,  to.company, to.street,  to.street2, to.city,
                     to.state, to.zip,     to.country, to.phone};
  return request;
}

std::string sentence(const job_kind& kind, std::string_view what, const std::string& why) {
  auto text = std::string(kind.service) + ' ' + std::string(what);
  return why.empty() ? text : text + ": " + why;
}

/// Asked for. False: it is not to be awaited.
task<bool> have_begun(fulfilment_run run, const job_kind* kind, std::string awakeable) {
  // On record before the service is asked.
  auto asked = facts_of(*kind, job_stand::asked);
  (asked.*kind->fact).awakeable = awakeable;
  run.learn(std::move(asked));
  auto ctx = run.ctx();
  auto request = request_of(run, *kind);
  request.awakeable = std::move(awakeable);
  auto creation = kind->create(request);
  auto made = co_await ctx.effect(std::move(creation));
  if (made) {
    run.learn(learned_of(*kind, *made));
    co_return made->state == contracts::job_state::open;
  }
  if (made.error().kind == error_kind::cancelled) {
    run.cancel();
    co_return false;
  }
  const auto why = made.error().message;
  if (made.error().kind == error_kind::missed) // It may be there, and is called off with the rest.
    run.end("failed", sentence(*kind, "may have it", why));
  else
    run.learn(facts_of(*kind, job_stand::refused, why));
  co_await run.call_a_person(std::string(kind->create_step), why);
  co_return false;
}

/// Until somebody says how it ended. What they say is in the facts, or is learned here.
task<void> await_word(fulfilment_run run, const job_kind* kind, durable::future<std::string> word,
                      std::int64_t within_ms) {
  auto said = co_await word.within(within_ms);
  co_await run.look_again();
  if (run.failed())
    co_return;
  if (!said && said.error().kind == error_kind::cancelled)
    run.cancel();
  else if ((run.facts().*kind->fact).is_decided())
    co_return;
  else if (!said)
    run.learn(facts_of(*kind, job_stand::failed, shortened(said.error().message)));
  else if (*said) {
    auto done = facts_of(*kind, job_stand::done);
    if (kind == &pickup)
      read_tracking(**said, done);
    run.learn(std::move(done));
  }
}

/// A number that nobody has said yet: the carrier has it by now.
task<void> ask_for_number(fulfilment_run run) {
  auto ctx = run.ctx();
  auto reading = pickup.read(run.step("read_pickup"));
  auto stands = co_await ctx.effect(std::move(reading));
  if (stands)
    run.learn(learned_of(pickup, *stands));
}

} // namespace

fulfilment_facts learned_of(const job_kind& kind, const contracts::job_outcome& outcome) {
  using contracts::job_state;
  auto learned = outcome.state == job_state::done   ? facts_of(kind, job_stand::done)
                 : outcome.state == job_state::open ? facts_of(kind, job_stand::open)
                 : outcome.state == job_state::failed
                     ? facts_of(kind, job_stand::failed, "it says so")
                     : facts_of(kind, job_stand::failed, "it was cancelled there");
  learned.tracking_number = outcome.tracking_number;
  learned.tracking_url = outcome.tracking_url;
  return learned;
}

task<void> have_done(fulfilment_run run, const job_kind* kind, std::int64_t within_ms) {
  auto ctx = run.ctx();

  // 1. The service is asked, and how it may tell us that it is done.
  auto word = ctx.awakeable();
  const bool is_open = co_await have_begun(run, kind, word.id);

  // 2. It is awaited. Where nobody tells us we ask.
  if (is_open) {
    follow_up following;
    following.step = std::string(kind->create_step);
    following.attempt = run.facts().round;
    auto now = co_await ctx.time();
    following.since = now ? std::stoll(*now) : 0;
    co_await ask_later(ctx, run.settings(), *kind->asks, following);
    co_await await_word(run, kind, word.value, within_ms);
  }

  // 3. How it ended.
  if (!run.goes_on())
    co_return;
  const auto fact = run.facts().*kind->fact;
  if (fact.stand == job_stand::done) {
    if (kind == &pickup && run.facts().tracking_number.empty())
      co_await ask_for_number(run);
  } else if (fact.is_decided()) {
    run.end("failed", sentence(*kind, kind->undone, fact.reason));
  } else if (fact.stand == job_stand::refused) {
    run.end("failed", sentence(*kind, "refused it", fact.reason));
  } else {
    run.end("timed_out", sentence(*kind, kind->undone, "the time for it is over"));
  }
}

task<void> call_off(fulfilment_run run, const job_kind* kind) {
  if (!(run.facts().*kind->fact).may_stand())
    co_return;
  auto ctx = run.ctx();
  const auto again = run.facts().undoing;
  auto calling_off = kind->cancel(run.step(kind->cancel_step, again));
  const auto absence_after_ms = calling_off.raw.absence_after_ms;
  auto cancelled = co_await ctx.effect(std::move(calling_off));
  // It may be made only now: called off once more.
  if (cancelled && run.is_given_up() && (run.facts().*kind->fact).stand == job_stand::asked) {
    co_await until_surely_over(ctx, absence_after_ms);
    auto once_more = kind->cancel(run.step(std::string(kind->cancel_step) + "_late", again));
    cancelled = co_await ctx.effect(std::move(once_more));
  }
  if (cancelled) {
    run.learn(facts_of(*kind, job_stand::cancelled));
    co_return;
  }
  if (kind == &pickup) { // Too late?
    auto reading = kind->read(run.step("read_pickup_left", again));
    auto stands = co_await ctx.effect(std::move(reading));
    if (stands && stands->state == contracts::job_state::done) {
      run.learn(learned_of(*kind, *stands));
      co_return;
    }
  }
  co_await run.call_a_person(std::string(kind->cancel_step), cancelled.error().message);
}

handler_task follow_job_once(context ctx, std::string body, settings_ptr settings,
                             const job_kind* kind) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();
  fulfilment_run run(ctx, settings);

  // 1. It is decided, or given up: nobody asks any more.
  co_await run.look_again();
  const auto& known = run.facts();
  if (run.failed() || known.round != what->attempt || known.ended || !known.ending.empty() ||
      known.cancelling || (known.*kind->fact).is_decided()) {
    co_await ask_no_more(ctx, settings, *what);
    co_return std::string("null");
  }

  // 2. What does the service say?
  auto reading = kind->read(run.step(kind->read_step, what->polls + 2));
  auto stands = co_await ctx.effect(std::move(reading));
  const bool is_open = stands && stands->state == contracts::job_state::open;
  if (stands && !is_open)
    ctx.send(ctx.object(), "RecordEvent", learned_of(*kind, *stands).encode());
  if (!stands && stands.error().kind == error_kind::rejected) // It has none.
    ctx.send(ctx.object(), "RecordEvent",
             facts_of(*kind, job_stand::failed, stands.error().message).encode());

  // 3. Not decided, or it cannot say: asked again later.
  if (is_open || (!stands && stands.error().kind != error_kind::rejected)) {
    ++what->polls;
    what->last = is_open ? std::string("it is at it") : stands.error().message;
    co_await ask_later(ctx, settings, *kind->asks, *what);
  } else {
    co_await ask_no_more(ctx, settings, *what);
  }
  co_return std::string("null");
}

} // namespace orderhub::handlers
