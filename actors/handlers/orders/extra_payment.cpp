#include "actors/handlers/orders/extra_payment.hpp"

#include "journal/base/bytes.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/refund.hpp"

#include <cstdint>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
using durable::task;
namespace stripe = providers::stripe;

constexpr std::uint8_t extra_version = 1;
constexpr std::string_view left = "taken twice, and not given back: ";
/// A step's attempt is not longer.
constexpr std::size_t attempt_size_max = 64;

struct extra {
  std::string step;      ///< Under which it is reported.
  std::string intent_id; ///< Whose payment nobody asked for.
  bool is_money = false;
  money amount;
};

std::string encoded(const extra& e) {
  byte_writer w(96);
  w.u8(extra_version);
  w.str8(e.step);
  w.str16(e.intent_id);
  w.u8(e.is_money ? 1 : 0);
  w.i64(e.amount.minor_units);
  w.str8(e.amount.currency);
  return w.take();
}

result<extra> decoded(std::string_view bytes) {
  byte_reader r(bytes);
  extra e;
  const auto version = r.u8();
  e.step = r.str8();
  e.intent_id = r.str16();
  e.is_money = r.u8() != 0;
  e.amount.minor_units = r.i64();
  e.amount.currency = r.str8();
  if (version != extra_version || !r.done())
    return fail({error_kind::corrupt, "extra_payment", "it cannot be read"});
  return e;
}

/// `charge_twice`, `charge_twice_2`: one that no other extra payment has.
std::string free_step(const order_facts& facts) {
  std::string step(extra_charge_step);
  for (int number = 2; facts.pending.contains(step) || facts.attention.contains(step); ++number)
    step = std::string(extra_charge_step) + '_' + std::to_string(number);
  return step;
}

/// The id's end, which is what tells payments apart.
std::string attempt_of(const std::string& intent_id) {
  return intent_id.size() <= attempt_size_max
             ? intent_id
             : intent_id.substr(intent_id.size() - attempt_size_max);
}

/// It is no money yet. False: it went on in the meantime.
task<bool> cancel(context ctx, extra e) {
  stripe::cancel_intent_request request;
  request.ref = ctx.step("cancel_extra", attempt_of(e.intent_id));
  request.payment_intent_id = e.intent_id;
  auto stop = stripe::cancel_intent(request);
  auto stopped = co_await ctx.effect(std::move(stop));
  co_return stopped.has_value();
}

/// Empty where it is given back; else why not.
task<std::string> refund(context ctx, extra e) {
  stripe::refund_request request;
  request.ref = ctx.step("refund_extra", attempt_of(e.intent_id));
  request.payment_intent_id = e.intent_id;
  request.amount = e.amount;
  auto give_back = stripe::refund(request);
  auto given = co_await ctx.effect(std::move(give_back));
  if (!given)
    co_return given.error().message;
  co_return std::string(given->left_minor > 0 ? "others have given back a part of it" : "");
}

} // namespace

extra_begun give_extra_back(const object_id& order, const order_facts& known,
                            const stripe::extra_payment& other, const money& amount) {
  extra e;
  e.step = free_step(known);
  e.intent_id = other.payment_intent_id;
  e.is_money = other.status == stripe::payment_status::succeeded;
  e.amount = amount;
  extra_begun begun;
  begun.learned.pending[e.step] = "taken twice: " + e.intent_id;
  begun.follows = {order, "GiveExtraBack", encoded(e)};
  return begun;
}

void give_extra_back(order_run run, const stripe::charge_outcome& charged) {
  for (const auto& other : charged.extra) {
    if (is_known_extra(run.facts(), other.payment_intent_id))
      continue; // An event has told of it.
    auto begun = give_extra_back(run.ctx().object(), run.facts(), other, run.placed()->total);
    run.note(begun.learned);
    run.ctx().send(begun.follows.target, begun.follows.handler, begun.follows.body);
  }
}

handler_task give_extra_back_once(context ctx, std::string body, settings_ptr settings) {
  ctx.shield();
  auto e = decoded(body);
  if (!e)
    co_return e.failure();

  // 1. What is no money yet is stopped; what is, is given back by its exact id.
  bool is_stopped = false;
  if (!e->is_money)
    is_stopped = co_await cancel(ctx, *e);
  std::string refusal;
  if (!is_stopped)
    refusal = co_await refund(ctx, *e);

  // 2. Either way a person hears of it.
  std::string why(refusal.empty() ? taken_twice_and_given_back : left);
  why += e->intent_id;
  if (!refusal.empty())
    why += ": " + refusal;
  order_run run(ctx, std::move(settings));
  co_await run.call_a_person(e->step, why);
  order_facts closed;
  closed.pending[e->step] = "done";
  run.learn(closed);
  co_return std::string("null");
}

task<void> report_extra_refunds(order_run run, std::string step,
                                std::vector<std::string> refund_ids) {
  std::string why = "given back twice:";
  for (const auto& id : refund_ids)
    why += ' ' + id;
  step += "_twice";
  if (!refund_ids.empty())
    co_await run.call_a_person(std::move(step), std::move(why));
}

} // namespace orderhub::handlers
