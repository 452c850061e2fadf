#include "actors/handlers/fulfilment/fulfilment_run.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/fulfilment/fulfilment_view.hpp"
#include "journal/base/bytes.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::task;

result<std::string> journaled_plan(settings_ptr s) {
  fulfilment_plan p;
  p.stock = s->stock;
  p.warehouse = s->warehouse;
  p.carrier = s->carrier;
  p.mail = s->mail;
  p.announce = s->slack || s->slack_webhook;
  p.sms = s->sms;
  p.packed_timeout_ms = s->packed_timeout_ms;
  p.pickup_timeout_ms = s->pickup_timeout_ms;
  p.notification_timeout_ms = s->notification_timeout_ms;
  return p.encode();
}

} // namespace

std::string fulfilment_plan::encode() const {
  byte_writer w(32);
  unsigned flags = 0;
  unsigned bit = 1;
  for (const bool flag : {stock, warehouse, carrier, mail, announce, sms}) {
    flags |= flag ? bit : 0U;
    bit <<= 1U;
  }
  w.u8(static_cast<std::uint8_t>(flags));
  for (const auto ms : {packed_timeout_ms, pickup_timeout_ms, notification_timeout_ms})
    w.i64(ms);
  return w.take();
}

fulfilment_plan fulfilment_plan::decode(std::string_view text) {
  byte_reader r(text);
  fulfilment_plan p;
  unsigned flags = r.u8();
  for (bool* flag : {&p.stock, &p.warehouse, &p.carrier, &p.mail, &p.announce, &p.sms}) {
    *flag = (flags & 1U) != 0;
    flags >>= 1U;
  }
  for (auto* ms : {&p.packed_timeout_ms, &p.pickup_timeout_ms, &p.notification_timeout_ms})
    *ms = r.i64();
  return p;
}

fulfilment_run::fulfilment_run(context ctx, settings_ptr settings)
    : run_(std::make_shared<shared>(ctx, std::move(settings))) {}

providers::step_ref fulfilment_run::step(std::string_view name, std::uint32_t again) const {
  auto attempt = std::to_string(facts().round);
  if (again > 1)
    attempt += '.' + std::to_string(again);
  auto ref = run_->ctx.step(name, attempt);
  ref.order_id = wanted().order_id;
  return ref;
}

task<void> fulfilment_run::look_again() {
  auto recorded = co_await run_->ctx.get("facts");
  if (!recorded)
    co_return;
  auto facts = fulfilment_facts::decode(*recorded);
  if (!facts) {
    fail(facts.error());
    co_return;
  }
  run_->facts = std::move(*facts);
  auto request = co_await run_->ctx.get("request");
  if (!request)
    co_return;
  auto wanted = fulfilment_wanted::decode(*request);
  if (wanted)
    run_->wanted = std::move(*wanted);
  else
    fail(wanted.error());
}

task<void> fulfilment_run::prepare() {
  if (run_->is_prepared)
    co_return;
  auto decided = co_await run_->ctx.run("plan", &journaled_plan, run_->settings);
  run_->plan = fulfilment_plan::decode(decided ? *decided : std::string());
  run_->is_prepared = true;
  auto said = co_await run_->ctx.get("order");
  if (said)
    take_order(*said);
}

void fulfilment_run::take_order(std::string_view answer) {
  auto order = claimed_order::decode(answer);
  if (order)
    run_->order = std::move(*order);
  else
    fail(order.error());
}

void fulfilment_run::order_is(std::string answer) {
  take_order(answer);
  run_->ctx.set("order", std::move(answer));
}

void fulfilment_run::begin_round(fulfilment_wanted wanted) {
  run_->ctx.set("request", wanted.encode());
  run_->wanted = std::move(wanted);
  fulfilment_facts begun;
  begun.created_at = run_->ctx.accepted_at();
  begun.round = facts().round + 1;
  run_->facts = merge(run_->facts, begun);
  run_->ctx.merge("facts", begun.encode());
}

void fulfilment_run::learn(fulfilment_facts delta) {
  delta.round = facts().round;
  run_->facts = merge(run_->facts, delta);
  run_->ctx.merge("facts", delta.encode());
}

task<void> fulfilment_run::call_a_person(std::string step, std::string why) {
  fulfilment_facts delta;
  delta.attention[step] = why;
  learn(std::move(delta));
  co_await handlers::call_a_person(ctx(), settings(), std::move(step), std::move(why));
}

void fulfilment_run::fail(const error& why) {
  if (!run_->failure)
    run_->failure = why;
}

void fulfilment_run::end(std::string ending, std::string reason) {
  fulfilment_facts delta;
  delta.ending = std::move(ending);
  delta.reason = std::move(reason);
  learn(std::move(delta));
}

void fulfilment_run::cancel() {
  fulfilment_facts delta;
  delta.cancelling = true;
  learn(std::move(delta));
}

result<std::string> fulfilment_run::response() {
  if (run_->failure)
    return orderhub::fail(*run_->failure);
  if (auto refused = refusal_of(key(), wanted(), facts()))
    return orderhub::fail(std::move(*refused));
  return fulfilment_response(key(), wanted(), facts());
}

task<void> until_surely_over(context ctx, std::int64_t absence_after_ms) {
  auto pause = ctx.sleep(absence_after_ms);
  auto passed = co_await pause;
  static_cast<void>(passed); // No cancel reaches it.
}

} // namespace orderhub::handlers
