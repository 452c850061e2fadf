#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

/// One handler's work on one order: the order, what is known of it, what the settings say, and
/// whether it goes on. Each step of the handler (`take_payment`, `get_label`, …) takes it, does its
/// part, and leaves in it what it learned.
///
/// A handle like `context`, copied freely: a step is a coroutine, so it takes it by value. All
/// copies share one run, which dies with the last frame of its invocation, and is built anew by
/// replay: nothing in it is stored but what was learned.
class order_run {
public:
  /// `settings` may be null where neither `prepare` nor `call_a_person` is used.
  order_run(durable::context ctx, settings_ptr settings);

  [[nodiscard]] durable::context ctx() const { return run_->ctx; }
  [[nodiscard]] const std::string& id() const { return run_->ctx.key(); }
  [[nodiscard]] const settings_ptr& settings() const { return run_->settings; }

  // ── What is known ──────────────────────────────────────────────────────────────────────────
  // References are good until the next call that changes them: copy what is needed after a step.

  /// As of `look_again`, and all that was learned since.
  [[nodiscard]] const order_facts& facts() const { return run_->facts; }
  /// The order that counts: as recorded, and paid as this request says; a new one as it was sent.
  /// Null before `place` or `prepare`.
  [[nodiscard]] const order* placed() const { return run_->placed.get(); }
  /// What this request brings, and what was recorded before it; null where there is no such thing.
  [[nodiscard]] const order* sent() const { return run_->sent.get(); }
  [[nodiscard]] const order* recorded() const { return run_->recorded.get(); }
  /// This request's content was taken for the next payment: it is one that the caller asks for.
  [[nodiscard]] bool asks_for_payment() const { return run_->asks_for_payment; }
  /// Only after `prepare`.
  [[nodiscard]] const order_plan& plan() const { return run_->plan; }
  /// What has become of a payment in this run; null where nothing has.
  [[nodiscard]] const payment_fact* payment() const {
    return run_->payment ? &*run_->payment : nullptr;
  }

  // ── What is learned ────────────────────────────────────────────────────────────────────────

  /// Known to this run at once, and to the order with the next `learn`. What is found out between
  /// two waits shares one record so.
  void note(const order_facts& delta);
  /// Merges the delta, and all that was noted, into the order's facts: one record, or none where
  /// there is nothing.
  void learn(const order_facts& delta = {});
  /// What became of a payment in this run: decides what comes next, learns nothing.
  void payment_is(payment_fact payment) { run_->payment = std::move(payment); }
  /// A step was definitely refused and a person must resolve it: an error event, once in the
  /// metrics, and noted in the facts.
  durable::task<void> call_a_person(std::string step, std::string why);

  // ── Where it begins ────────────────────────────────────────────────────────────────────────

  /// The order as a request brings it.
  void place(order o) {
    run_->sent = std::make_shared<const order>(std::move(o));
    run_->placed = run_->sent;
  }
  /// An order that is known stays what was recorded of it; only how it is paid is the request's.
  /// The second time it does nothing. Fails the run with `corrupt` where it cannot be read and the
  /// request would be taken for it.
  durable::task<void> recall();
  /// From now on the order is what this request brings; `change` goes into the entry `changes`.
  durable::task<void> take_sent(std::vector<std::string> fields);
  /// After `take_sent`: the next payment is of it.
  void ask_for_payment() { run_->asks_for_payment = true; }
  /// The facts as of now: an event may have brought some. Money or a label hangs on these. Fails
  /// the run with `corrupt` where they cannot be read.
  durable::task<void> look_again();
  /// Before something is done for the order: recalls it, and decides the plan. The second time it
  /// does nothing.
  durable::task<void> prepare();

  // ── Whether it goes on ─────────────────────────────────────────────────────────────────────

  /// Neither failed nor to be undone.
  [[nodiscard]] bool goes_on() const { return !run_->failure && !run_->must_undo; }
  [[nodiscard]] bool failed() const { return run_->failure.has_value(); }
  [[nodiscard]] bool must_undo() const { return run_->must_undo; }
  /// It ends with this error; the first one counts.
  void fail(const error& why);
  /// What this request wants is refused, and the caller told so; the order goes on as recorded.
  void refuse(error why) { run_->refusal = std::move(why); }
  [[nodiscard]] bool refused() const { return run_->refusal.has_value(); }
  /// It was cancelled, or the plan says that a refusal undoes it: `compensate` is next.
  void undo() { run_->must_undo = true; }

  /// What the caller is told, after all that was noted is learned: where the order stands, the
  /// error it failed with, 409 where it was undone, or why the request was refused.
  result<std::string> response();

private:
  struct shared {
    shared(durable::context c, settings_ptr s) : ctx(c), settings(std::move(s)) {}
    durable::context ctx;
    settings_ptr settings;
    std::shared_ptr<const order> placed, sent, recorded; ///< Mostly one and the same.
    bool asks_for_payment = false;
    order_facts facts;
    order_facts noted; ///< In `facts`, and not merged into the state yet.
    order_plan plan;
    bool is_prepared = false;
    std::optional<payment_fact> payment;
    std::optional<error> failure, refusal;
    bool must_undo = false;
  };
  std::shared_ptr<shared> run_;
};

} // namespace orderhub::handlers
