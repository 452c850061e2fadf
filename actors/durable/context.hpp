#pragma once
#include "actors/durable/execution.hpp"
#include "journal/base/result.hpp"
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace orderhub::durable {

/// What a handler author reads first. A handler is a coroutine whose steps are journaled: after a
/// crash it runs again from its first line, each recorded step gives back what it gave then, and
/// the first step that is not recorded goes on.
///
/// A whole handler:
///
///     handler_task sell_seat(context ctx, std::string card) {
///       // 1. State, as it was when this line first ran. Sold once, that is the answer for ever.
///       auto sold = co_await ctx.get("sold");
///       if (sold)
///         co_return *sold;
///
///       // 2. The outside world. The intent is durable before the first byte leaves; after a crash
///       //    or a lost response it goes on under the same key. What comes back is a value or a
///       //    definite refusal, never doubt.
///       stripe::charge_request request;
///       request.ref = ctx.step("charge");
///       request.amount = {1500, "usd"};
///       request.payment_method = card;
///       auto charge = stripe::charge(request);
///       auto charged = co_await ctx.effect(std::move(charge));
///       if (!charged)
///         co_return charged.failure();
///       if (charged->status != stripe::payment_status::succeeded) // 3-D Secure: not money yet.
///         co_return std::string("the customer must authenticate");
///
///       // 3. Another object. It goes on by itself where we stop waiting for it.
///       auto printing = ctx.call({"Printer", "box-office"}, "Print", ctx.key());
///       auto ticket = co_await printing.within(30'000);
///
///       // 4. What the next invocation finds.
///       auto receipt = charged->charge_id;
///       receipt += ticket && *ticket ? ", " + **ticket : ", the ticket follows";
///       ctx.set("sold", receipt);
///       co_return receipt;
///     }
///
/// What it keeps to:
///  - Between steps no clock, random number, thread, file, or unordered container that is iterated:
///    the same steps in the same order, or the invocation pauses as diverged. Ask the context.
///  - A step is a value, or a function and arguments by value. No closure, braced temporary or `?:`
///    around a `co_await`: g++ 12 frees them twice there (GCC bug 99576).
///  - Parameters of coroutines are values; no view of anything outside of the frame lives across a
///    `co_await`. Waiting destroys nothing, but a passivated frame is built again by replay, so
///    destructors release memory and nothing else.
///  - Two vendors at once: begin both effects, then await each. A step begins when its future is
///    made, and is recorded then.
class context;

/// The result of a step that has begun. Await it once.
template <class T>
class [[nodiscard]] future {
public:
  using decode_function = result<T> (*)(std::string_view);
  future(execution& e, execution::issued issued, decode_function decode, bool cancellable)
      : execution_(&e), issued_(std::move(issued)), decode_(decode), cancellable_(cancellable) {}

  bool await_ready() { return issued_.refused || execution_->ready(request()); }
  void await_suspend(std::coroutine_handle<> who) { execution_->suspend(request(), who); }
  result<T> await_resume() { return value(); }

  [[nodiscard]] std::uint32_t completion() const { return issued_.completion; }
  [[nodiscard]] bool refused() const { return issued_.refused.has_value(); }
  [[nodiscard]] bool cancellable() const { return cancellable_; }
  [[nodiscard]] execution& owner() const { return *execution_; }
  /// Of a call: the invocation that was begun.
  [[nodiscard]] const invocation_id& invocation() const { return issued_.child; }

  /// The decoded result; only after it is there.
  result<T> value() {
    if (issued_.refused)
      return fail(*issued_.refused);
    if (execution_->take_cancel(request()))
      return fail(cancelled_error());
    if (!execution_->completed(issued_.completion))
      return fail(cancelled_error());
    auto raw = execution_->take(issued_.completion);
    if (!raw)
      return raw.failure();
    return decode_(*raw);
  }

  /// Waits at most `duration_ms`, durably: nothing where the time passed first. What was begun goes
  /// on by itself.
  auto within(std::int64_t duration_ms);

private:
  [[nodiscard]] execution::wait_request request() const {
    return {{issued_.completion}, false, cancellable_};
  }
  execution* execution_;
  execution::issued issued_;
  decode_function decode_;
  bool cancellable_;
};

/// A future raced against a durable timer.
template <class T>
class [[nodiscard]] timed_future {
public:
  timed_future(future<T> inner, execution::issued timer)
      : inner_(std::move(inner)), timer_(std::move(timer)) {}

  bool await_ready() {
    return inner_.refused() || timer_.refused || inner_.owner().ready(request());
  }
  void await_suspend(std::coroutine_handle<> who) { inner_.owner().suspend(request(), who); }
  result<std::optional<T>> await_resume() {
    auto value = outcome();
    if (!timer_.refused && timer_.completion != 0)
      inner_.owner().close_timer(timer_.completion);
    return value;
  }

private:
  result<std::optional<T>> outcome() {
    if (timer_.refused)
      return fail(*timer_.refused);
    if (!inner_.refused() && inner_.owner().take_cancel(request()))
      return fail(cancelled_error());
    if (!inner_.refused() && !inner_.owner().completed(inner_.completion()))
      return std::optional<T>();
    auto v = inner_.value();
    if (!v)
      return v.failure();
    return std::optional<T>(std::move(*v));
  }
  [[nodiscard]] execution::wait_request request() const {
    return {{inner_.completion(), timer_.completion}, true, inner_.cancellable()};
  }
  future<T> inner_;
  execution::issued timer_;
};

template <class T>
auto future<T>::within(std::int64_t duration_ms) {
  return timed_future<T>(*this,
                         issued_.refused ? execution::issued{} : execution_->sleep(duration_ms));
}

/// All of several futures; a failure does not hide the others' results.
template <class... T>
class [[nodiscard]] all_futures {
public:
  explicit all_futures(future<T>... parts) : parts_(std::move(parts)...) {}
  bool await_ready() { return owner().ready(request()); }
  void await_suspend(std::coroutine_handle<> who) { owner().suspend(request(), who); }
  std::tuple<result<T>...> await_resume() {
    return std::apply([](auto&... p) { return std::tuple<result<T>...>(p.value()...); }, parts_);
  }

private:
  execution& owner() { return std::get<0>(parts_).owner(); }
  execution::wait_request request() {
    execution::wait_request r;
    r.cancellable = true;
    std::apply(
        [&](auto&... p) {
          ((p.refused() ? void() : r.completions.push_back(p.completion())), ...);
          ((r.cancellable = r.cancellable && p.cancellable()), ...);
        },
        parts_);
    return r;
  }
  std::tuple<future<T>...> parts_;
};

template <class... T>
all_futures<T...> when_all(future<T>... parts) {
  return all_futures<T...>(std::move(parts)...);
}

/// A value that is there at once, awaited only so that a diverged invocation stops here.
template <class T>
class [[nodiscard]] immediate {
public:
  immediate(execution& e, T value) : execution_(&e), value_(std::move(value)) {}
  bool await_ready() { return !execution_->paused(); }
  void await_suspend(std::coroutine_handle<>) {}
  T await_resume() { return std::move(value_); }

private:
  execution* execution_;
  T value_;
};

/// A handler's only way to the world. A cheap handle, copied freely; dies with the invocation's
/// frame. Between steps a handler uses no clock, random number, thread or file.
class context {
public:
  explicit context(execution& e) : execution_(&e) {}

  [[nodiscard]] const std::string& key() const { return execution_->object().key; }
  [[nodiscard]] const object_id& object() const { return execution_->object(); }
  [[nodiscard]] const invocation_id& invocation() const { return execution_->id(); }

  /// When the input was recorded, Unix milliseconds.
  [[nodiscard]] unix_ms accepted_at() const { return execution_->accepted_at(); }

  /// Names a step of this object, for the request of an operation. `attempt` tells logical attempts
  /// of one step apart (another card, the next refund). Both are part of the idempotency key and of
  /// the metadata, so they stay what they are on replay; 1 to 64 bytes each.
  [[nodiscard]] providers::step_ref step(std::string_view name,
                                         std::string_view attempt = "1") const {
    return {execution_->host().hub_text(), key(), std::string(name), std::string(attempt)};
  }

  /// From here on this invocation compensates: no cancel reaches it, whoever asks.
  void shield() { execution_->shield(); }

  /// Acts on the outside world, as the step that the operation was made for. A value or a definite
  /// failure: doubt is resolved below.
  template <class T>
  future<T> effect(providers::operation<T> op) {
    const auto ref = op.raw.ref;
    return {*execution_, execution_->effect(ref.step, std::move(op.raw), ref.attempt), &T::decode,
            false};
  }

  /// Local work, done once and journaled, that may be repeated after a crash. `function` returns
  /// result<std::string> and is a plain function or stateless callable with arguments by value.
  template <class F, class... Args>
  immediate<result<std::string>> run(std::string_view name, F function, Args... args) {
    static_assert(std::is_trivially_destructible_v<F>,
                  "g++ 12 frees captures twice here: pass a function and arguments by value");
    if (auto recorded = execution_->recorded_run(name))
      return {*execution_, std::move(*recorded)};
    if (execution_->paused())
      return {*execution_, result<std::string>(std::string())};
    result<std::string> value = function(std::move(args)...);
    execution_->record_run(name, value);
    return {*execution_, std::move(value)};
  }

  /// The object's state entry as it was when this line first ran.
  immediate<std::optional<std::string>> get(std::string_view name) {
    auto value = execution_->get(name);
    return {*execution_, std::move(value)};
  }
  void set(std::string_view name, std::string value) { execution_->set(name, std::move(value)); }
  void clear(std::string_view name) { execution_->clear(name); }
  /// Merges a delta into an entry by the service's own merge function.
  void merge(std::string_view name, std::string_view delta) { execution_->merge(name, delta); }

  /// Durable: survives restarts.
  future<std::string> sleep(std::int64_t duration_ms) {
    return {*execution_, execution_->sleep(duration_ms), &as_text, true};
  }

  /// A promise that someone outside resolves by its id.
  struct promise {
    std::string id;
    future<std::string> value;
  };
  promise awakeable() {
    auto issued = execution_->awakeable();
    return {awakeable_id{execution_->id(), issued.completion}.text(),
            future<std::string>(*execution_, issued, &as_text, true)};
  }

  /// The name of the next event that this object learns of. Read the facts after it, not from it.
  future<std::string> next_event() {
    return {*execution_, execution_->await_event(), &as_text, true};
  }

  /// Calls a handler of another object (or of this one, shared) and waits for its answer.
  future<std::string> call(const object_id& target, std::string_view handler, std::string body) {
    return {*execution_, execution_->call(target, handler, std::move(body), true, 0), &as_text,
            true};
  }
  /// Begins a handler of another object, once, after `delay_ms`; its id.
  invocation_id send(const object_id& target, std::string_view handler, std::string body,
                     std::int64_t delay_ms = 0) {
    return execution_->call(target, handler, std::move(body), false, delay_ms).child;
  }
  /// Asks another invocation to stop: it resolves what is in flight, compensates and ends.
  void cancel(const object_id& target, const invocation_id& other) {
    execution_->cancel_invocation(target, other);
  }

  /// The same for the exclusive invocation that runs on this object now, if any. For shared
  /// handlers.
  void cancel_running() { execution_->cancel_running(); }

  /// Journal time: deterministic, since it comes from a recorded step.
  immediate<result<std::string>> time() {
    if (auto recorded = execution_->recorded_run("time"))
      return {*execution_, std::move(*recorded)};
    if (execution_->paused())
      return {*execution_, result<std::string>(std::string())};
    result<std::string> value = std::to_string(execution_->host().now());
    execution_->record_run("time", value);
    return {*execution_, std::move(value)};
  }

private:
  static result<std::string> as_text(std::string_view v) { return std::string(v); }
  execution* execution_;
};

} // namespace orderhub::durable
