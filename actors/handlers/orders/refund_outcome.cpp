#include "actors/handlers/orders/refund_outcome.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "providers/stripe/retrieve_refund.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace stripe = providers::stripe;

namespace {

/// The payment as it stands with what was learned of it.
payment_fact given_back(const order_facts& facts, std::uint32_t attempt) {
  const auto* known = facts.payment_of(attempt);
  payment_fact payment;
  payment.attempt = attempt;
  payment.state = known != nullptr && is_all_given_back(facts, *known)
                      ? payment_state::refunded
                      : payment_state::part_refunded;
  return payment;
}

/// Those of a cancel have the numbers below.
std::uint32_t notice_number(const refund_fact& refund) {
  constexpr std::uint32_t named_begin = 1'000'000;
  return named_begin + 2 * refund.number;
}

money amount_of(const order_run& run, const refund_fact& refund) {
  const auto* payment = run.facts().payment_of(refund.attempt);
  return {refund.amount, payment != nullptr ? payment->amount.currency : std::string()};
}

task<void> follow(order_run run, follow_up what) {
  order_facts open;
  open.pending[what.step] = "the bank has not made it yet";
  run.note(open);
  co_await ask_later(run.ctx(), run.settings(), refund_follower, std::move(what));
}

void record(context ctx, const char* name, order_facts learned) {
  order_event event;
  event.name = name;
  event.learned = std::move(learned);
  ctx.send(ctx.object(), "RecordEvent", event.encode());
}

/// It has failed: the money is the shop's again, and a person decides.
task<void> named_refund_failed(order_run run, std::string name, refund_fact refund,
                               std::string why) {
  refund.state = refund_state::failed;
  refund.why = why;
  const auto step = step_of(refund);
  order_facts learned;
  learned.pending[step] = "done";
  learned.attention[step] = why;
  learned.refunds.emplace(std::move(name), refund);
  record(run.ctx(), "refund_failed", std::move(learned));
  post_refund(run, {notice_number(refund) + 1, refund_news::failed, amount_of(run, refund), why});
  co_await call_a_person(run.ctx(), run.settings(), step, std::move(why));
}

std::string failure_text(const stripe::refund_state& state) {
  auto why = "refund " + state.status;
  if (!state.failure_reason.empty())
    why += ": " + state.failure_reason;
  return why;
}

} // namespace

task<void> follow_refund(order_run run, payment_fact payment, std::string refund_id,
                         std::string status) {
  follow_up what;
  what.step = refund_step(payment.attempt, payment.refund_round);
  what.round = payment.refund_round;
  what.subject = std::move(refund_id);
  what.attempt = payment.attempt;
  what.last = std::move(status);
  co_await follow(run, std::move(what));
}

task<void> follow_named_refund(order_run run, std::string name, refund_fact refund,
                               std::string status) {
  follow_up what;
  what.step = step_of(refund);
  what.subject = refund.refund_id;
  what.attempt = refund.attempt;
  what.last = std::move(status);
  what.named = std::move(name);
  co_await follow(run, std::move(what));
}

void named_refund_made(const order_run& run, const std::string& name, const refund_fact& refund) {
  order_facts learned;
  learned.refunds.emplace(name, refund);
  const auto step = step_of(refund);
  if (is_open(run.facts(), step))
    learned.pending[step] = "done";
  learned.payments.push_back(given_back(merge(run.facts(), learned), refund.attempt));
  const bool is_all = learned.payments.back().state == payment_state::refunded;
  record(run.ctx(), "refund_made", std::move(learned));
  post_refund(run, {notice_number(refund),
                    is_all ? refund_news::given_back : refund_news::part_given_back,
                    amount_of(run, refund)});
}

handler_task follow_refund_once(context ctx, std::string body, settings_ptr settings) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();

  // 1. How does it stand?
  stripe::retrieve_refund_request request;
  request.ref = ctx.step("follow_" + what->step, std::to_string(what->polls));
  request.refund_id = what->subject;
  auto ask = stripe::retrieve_refund(request);
  auto state = co_await ctx.effect(std::move(ask));
  const auto stand = state ? state->stand() : stripe::refund_stand::on_its_way;

  // 2. Not decided, or Stripe refuses to say: asked again later.
  if (stand == stripe::refund_stand::on_its_way) {
    ++what->polls;
    what->last = state ? state->status : state.error().message;
    co_await ask_later(ctx, settings, refund_follower, *what);
    co_return std::string("null");
  }
  co_await ask_no_more(ctx, settings, *what);

  // 3. As of now: other parts of it may be on their way.
  order_run run(ctx, settings);
  co_await run.look_again();
  co_await run.prepare();
  const auto* known = run.facts().payment_of(what->attempt);
  if (run.failed() || known == nullptr)
    co_return std::string("null");
  if (const auto named = run.facts().refunds.find(what->named);
      named != run.facts().refunds.end()) {
    auto refund = named->second;
    refund.state = refund_state::made;
    if (stand == stripe::refund_stand::given_back)
      named_refund_made(run, what->named, refund);
    else
      co_await named_refund_failed(run, what->named, refund, failure_text(*state));
    co_return std::string("null");
  }
  payment_fact payment;
  payment.attempt = what->attempt;
  const auto asked = known->rounds.find(what->round);
  payment.rounds[what->round] = {
      stand == stripe::refund_stand::given_back ? refund_state::made : refund_state::failed,
      asked != known->rounds.end() ? asked->second.amount : state->amount};
  order_facts learned;
  learned.pending[what->step] = "done";
  learned.payments.push_back(payment);
  constexpr std::uint32_t rounds_of_an_attempt = 100;
  const auto number = (what->attempt - 1) * rounds_of_an_attempt + what->round + 1;

  // 4. It is there: the order knows, customer and shop are told.
  if (stand == stripe::refund_stand::given_back) {
    learned.payments.front().state = given_back(merge(run.facts(), learned), what->attempt).state;
    const bool is_all = learned.payments.front().state == payment_state::refunded;
    record(ctx, "refund_made", std::move(learned));
    post_refund(run, {number, is_all ? refund_news::given_back : refund_news::part_given_back});
    co_return std::string("null");
  }

  // 5. It has failed: the money is the shop's again, and a person decides. The next refund is
  //    another one, so it has its own key.
  const auto why = failure_text(*state);
  learned.payments.front().refund_round = known->refund_round + 1;
  learned.attention["refund"] = why;
  record(ctx, "refund_failed", std::move(learned));
  post_refund(run, {number, refund_news::failed, {}, why});
  co_await call_a_person(ctx, settings, "refund", why);
  co_return std::string("null");
}

} // namespace orderhub::handlers
