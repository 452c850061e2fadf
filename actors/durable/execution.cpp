#include "actors/durable/execution.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace orderhub::durable {

using journal::record_kind;

execution::execution(execution_host& host, object_id object,
                     const journal::invocation_state& recorded, start_function start)
    : host_(host), object_(std::move(object)), id_(recorded.id), accepted_at_(recorded.accepted_at),
      input_(recorded.input), entries_(recorded.entries), cursor_(entries_.size()),
      start_(std::move(start)) {}

void execution::begin() {
  frame_ = start_(*this, input_.body);
  drive();
}

void execution::deliver(std::uint32_t completion, result<std::string> value) {
  if (pause_reason_) {
    // It is in the journal, for whoever goes on; here nobody waits for it any more.
    sleeps_.erase(completion);
    waiting_kinds_.erase(completion);
  }
  if (pause_reason_ || finished_)
    return;
  if (!value && value.error().kind == error_kind::cancelled && is_effect(completion))
    cancel_pending_ = false; // The effect that was cut short has told the handler.
  sleeps_.erase(completion);
  waiting_kinds_.erase(completion);
  slots_.insert_or_assign(completion, std::move(value));
  if (waiting_ && satisfied(*waiting_)) {
    drive();
  } else if (ended_with_ && std::none_of(waiting_kinds_.begin(), waiting_kinds_.end(),
                                         [](auto& w) { return w.second == record_kind::effect; })) {
    finish(*ended_with_);
  }
}

void execution::deliver_cancel() {
  if (pause_reason_ || finished_ || cancel_recorded_)
    return;
  cancel_recorded_ = true;
  cancel_pending_ = !shielded_;
  if (cancel_pending_ && waiting_ && waiting_->cancellable)
    drive();
}

bool execution::open(std::uint32_t completion) const {
  return waiting_kinds_.contains(completion);
}

bool execution::is_effect(std::uint32_t completion) const {
  auto it = waiting_kinds_.find(completion);
  return it != waiting_kinds_.end() && it->second == record_kind::effect;
}

// ── Driving the frame ────────────────────────────────────────────────────────────────────────

void execution::drive() {
  run_frame();
  while (!pause_reason_ && !cursor_.live()) {
    auto next = cursor_.notification(entries_);
    if (!next) {
      diverge(std::move(next).error());
      break;
    }
    if (*next == nullptr)
      break;
    apply_entry(**next);
    if (waiting_ && (satisfied(*waiting_) || (waiting_->cancellable && cancel_pending_)))
      run_frame();
  }
  if (pause_reason_ || !cursor_.live())
    return;
  close_timers();
  for (auto& e : std::exchange(open_effects_, {}))
    host_.begin_effect(std::move(e));
  if (!ended_with_)
    finish_if_done();
}

void execution::run_frame() {
  running_ = true;
  if (!started_) {
    started_ = true;
    frame_.start();
  } else if (waiter_) {
    waiting_.reset();
    std::exchange(waiter_, nullptr).resume();
  }
  running_ = false;
}

void execution::finish_if_done() {
  if (pause_reason_ || finished_ || !frame_.done() || !cursor_.live())
    return;
  result<std::string> outcome;
  try {
    outcome = frame_.take();
  } catch (const std::exception& e) {
    // A handler that throws is a bug: the invocation pauses with what it said.
    pause_reason_ = error{error_kind::invalid, "durable.execution",
                          std::string("the handler threw: ") + e.what()};
    return;
  } catch (...) {
    pause_reason_ = error{error_kind::invalid, "durable.execution",
                          "the handler threw something that is no std::exception"};
    return;
  }
  // Doubt is never abandoned: an effect that nobody waits for is resolved before the end.
  for (const auto& [completion, kind] : waiting_kinds_)
    if (kind == record_kind::effect) {
      ended_with_ = std::move(outcome);
      return;
    }
  finish(outcome);
}

void execution::finish(const result<std::string>& outcome) {
  finished_ = true;
  host_.append(id_, record_kind::output, next_index_++,
               encode(journal::output_payload{journal::encode(outcome), input_.caller}));
}

void execution::apply_entry(const journal::entry& e) {
  switch (e.kind) {
  case record_kind::completion: {
    auto value = journal::decode_result(e.payload);
    if (!value) {
      diverge(std::move(value).error());
      return;
    }
    if (!*value && value->error().kind == error_kind::cancelled && is_effect(e.index))
      cancel_pending_ = false;
    std::erase_if(open_effects_, [&](const auto& o) { return o.intent.completion == e.index; });
    sleeps_.erase(e.index);
    to_close_.erase(e.index);
    waiting_kinds_.erase(e.index);
    slots_.insert_or_assign(e.index, std::move(*value));
    return;
  }
  case record_kind::cancel:
    if (!cancel_recorded_) {
      cancel_recorded_ = true;
      cancel_pending_ = !shielded_;
    }
    return;
  case record_kind::effect_note:
    if (auto note = journal::decode_note(e.payload))
      for (auto& o : open_effects_)
        if (o.index == e.index)
          o.notes.push_back({*note, e.time});
    return;
  default:
    return;
  }
}

void execution::diverge(error e) {
  if (!pause_reason_)
    pause_reason_ = std::move(e);
}

std::optional<execution::command> execution::next_command(record_kind kind, std::string_view name) {
  // What arrived while a paused handler could not take it stands before the commands of the fixed
  // one: taken up here, now and in every later replay.
  while (!pause_reason_ && cursor_.at_notification(entries_))
    if (auto next = cursor_.notification(entries_); next && *next != nullptr)
      apply_entry(**next);
  if (pause_reason_)
    return std::nullopt;
  const auto index = next_index_++;
  auto recorded = cursor_.command(entries_, kind, index, name);
  if (!recorded) {
    diverge(std::move(recorded).error());
    return std::nullopt;
  }
  return command{index, *recorded};
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────

std::optional<std::string> execution::get(std::string_view name) {
  const auto c = next_command(record_kind::get, name);
  if (!c)
    return std::nullopt;
  if (c->recorded != nullptr) {
    auto p = journal::decode_state(c->recorded->payload);
    if (!p) {
      diverge(std::move(p).error());
      return std::nullopt;
    }
    return std::move(p->value);
  }
  const auto* value = host_.state_value(name);
  journal::state_payload p{std::string(name), value ? std::optional(*value) : std::nullopt};
  host_.append(id_, record_kind::get, c->index, encode(p));
  return std::move(p.value);
}

void execution::set(std::string_view name, std::string value) {
  if (const auto c = next_command(record_kind::set, name); c && c->recorded == nullptr)
    host_.append(id_, record_kind::set, c->index,
                 encode(journal::state_payload{std::string(name), std::move(value)}));
}

void execution::clear(std::string_view name) {
  if (const auto c = next_command(record_kind::clear, name); c && c->recorded == nullptr)
    host_.append(id_, record_kind::clear, c->index,
                 encode(journal::state_payload{std::string(name), std::nullopt}));
}

void execution::merge(std::string_view name, std::string_view delta) {
  if (const auto c = next_command(record_kind::merge, name); c && c->recorded == nullptr)
    host_.append(id_, record_kind::merge, c->index,
                 encode(journal::state_payload{std::string(name), host_.merged(name, delta)}));
}

std::optional<result<std::string>> execution::recorded_run(std::string_view name) {
  const auto c = next_command(record_kind::run, name);
  if (!c || c->recorded == nullptr)
    return std::nullopt;
  auto p = journal::decode_run(c->recorded->payload);
  if (p) {
    if (auto value = journal::decode_result(p->encoded_result))
      return std::move(*value);
  }
  diverge({error_kind::corrupt, "durable.run", "the recorded result cannot be read"});
  return std::nullopt;
}

void execution::record_run(std::string_view name, const result<std::string>& value) {
  host_.append(id_, record_kind::run, next_index_ - 1,
               encode(journal::run_payload{std::string(name), journal::encode(value)}));
}

execution::issued execution::waits_for(record_kind kind, std::uint32_t completion,
                                       invocation_id child) {
  waiting_kinds_.emplace(completion, kind);
  return {completion, std::nullopt, child};
}

execution::issued execution::effect(std::string_view step, providers::raw_operation op,
                                    std::string_view attempt) {
  if (consume_cancel())
    return {0, cancelled_error(), {}};
  const auto c = next_command(record_kind::effect, step);
  if (!c)
    return {};
  const auto completion = next_completion_++;
  effect_start start{id_, c->index, {}, std::move(op), false, shielded_, host_.now(), {}};
  if (c->recorded != nullptr) {
    auto intent = journal::decode_effect(c->recorded->payload);
    if (!intent || intent->completion != completion || intent->operation != start.operation.name) {
      diverge({error_kind::diverged, "durable.effect",
               "the journal holds operation \"" + (intent ? intent->operation : std::string("?")) +
                   "\" at index " + std::to_string(c->index) + ", this program asks for \"" +
                   std::string(start.operation.name) + '"'});
      return {};
    }
    // What left, or may have left, are the intent's bytes, whatever this program would send now.
    start.intent = std::move(*intent);
    start.recovered = true;
    start.accepted_at = c->recorded->time;
  } else {
    start.intent = host_.intent_of(start.operation, step, attempt);
    start.intent.completion = completion;
    host_.append(id_, record_kind::effect, c->index, encode(start.intent));
  }
  open_effects_.push_back(std::move(start));
  return waits_for(record_kind::effect, completion);
}

execution::issued execution::sleep(std::int64_t duration_ms) {
  if (consume_cancel())
    return {0, cancelled_error(), {}};
  const auto c = next_command(record_kind::sleep, {});
  if (!c)
    return {};
  const auto completion = next_completion_++;
  auto recorded_at = host_.now();
  auto due = recorded_at + duration_ms;
  if (c->recorded != nullptr) {
    recorded_at = c->recorded->time;
    if (auto p = journal::decode_wait(c->recorded->payload))
      due = p->due_at;
  } else {
    host_.append(id_, record_kind::sleep, c->index, encode(journal::wait_payload{completion, due}));
  }
  sleeps_.emplace(completion, host_.steady_due(recorded_at, due));
  return waits_for(record_kind::sleep, completion);
}

execution::issued execution::awakeable() {
  return wait_from_outside(record_kind::awakeable);
}

execution::issued execution::await_event() {
  return wait_from_outside(record_kind::await_event);
}

execution::issued execution::wait_from_outside(record_kind kind) {
  if (consume_cancel())
    return {0, cancelled_error(), {}};
  const auto c = next_command(kind, {});
  if (!c)
    return {};
  const auto completion = next_completion_++;
  if (c->recorded == nullptr)
    host_.append(id_, kind, c->index, encode(journal::wait_payload{completion, 0}));
  return waits_for(kind, completion);
}

void execution::close_timer(std::uint32_t completion) {
  if (pause_reason_ || sleeps_.erase(completion) == 0)
    return;
  waiting_kinds_.erase(completion);
  slots_.insert_or_assign(completion, result<std::string>(std::string("null")));
  // A replay mostly finds this very record behind what ended the race.
  to_close_.insert(completion);
  close_timers();
}

void execution::close_timers() {
  if (pause_reason_ || finished_ || !cursor_.live())
    return;
  for (const auto completion : std::exchange(to_close_, {}))
    host_.append(id_, record_kind::completion, completion,
                 journal::encode(result<std::string>(std::string("null"))));
}

void execution::shield() {
  shielded_ = true;
  cancel_pending_ = false;
}

std::vector<object_id> execution::chain_while_calling() const {
  auto chain = input_.call_chain;
  if (!input_.shared)
    chain.push_back(object_);
  return chain;
}

std::optional<error> execution::why_not_call(const std::vector<object_id>& chain,
                                             const object_id& target,
                                             std::string_view handler) const {
  const auto chain_text = [&] {
    std::string text;
    for (const auto& id : chain)
      text += id.text() + " -> ";
    return text + target.text();
  };
  if (!host_.is_shared(target, handler) &&
      std::find(chain.begin(), chain.end(), target) != chain.end())
    return error{error_kind::invalid, "durable.call",
                 "a cycle of calls waits for itself: " + chain_text(), 500};
  if (chain.size() > journal::call_chain_max)
    return error{error_kind::invalid, "durable.call", "calls are nested too deep: " + chain_text(),
                 500};
  return std::nullopt;
}

execution::issued execution::call(const object_id& target, std::string_view handler,
                                  std::string body, bool wait, std::int64_t delay_ms) {
  if (wait && consume_cancel())
    return {0, cancelled_error(), {}};
  auto chain = wait ? chain_while_calling() : std::vector<object_id>();
  if (wait && !pause_reason_)
    if (auto why = why_not_call(chain, target, handler))
      return {0, std::move(why), {}};
  const auto kind = wait ? record_kind::call : record_kind::send;
  const auto c = next_command(kind, target.service + '/' + std::string(handler));
  if (!c)
    return {};
  const auto completion = wait ? next_completion_++ : 0;
  const auto child = id_.child(c->index);
  if (c->recorded == nullptr) {
    journal::call_payload p;
    p.target = target;
    p.invocation = child;
    p.completion = completion;
    p.input.handler = std::string(handler);
    p.input.revision = std::string(host_.revision_of(target, handler));
    p.input.shared = host_.is_shared(target, handler);
    p.input.ephemeral = host_.is_ephemeral(target, handler);
    p.input.passes_pause =
        host_.passes_pause(target, handler) ||
        (wait && (input_.passes_pause || (shielded_ && host_.is_cancel_under_way())));
    p.input.due_at = delay_ms > 0 ? host_.now() + delay_ms : 0;
    p.input.body = std::move(body);
    if (wait) {
      p.input.caller = journal::caller_ref{object_, id_, completion};
      p.input.call_chain = std::move(chain);
    }
    host_.append(id_, kind, c->index, encode(p));
    host_.began_call(p);
  }
  return wait ? waits_for(kind, completion, child) : issued{0, std::nullopt, child};
}

void execution::cancel_invocation(const object_id& target, const invocation_id& invocation) {
  const auto c = next_command(record_kind::cancel_invocation, {});
  if (!c || c->recorded != nullptr)
    return;
  host_.append(id_, record_kind::cancel_invocation, c->index,
               encode(journal::cancel_payload{target, invocation}));
  host_.cancel_other(target, invocation);
}

void execution::cancel_running() {
  const auto c = next_command(record_kind::cancel_invocation, {});
  if (!c || c->recorded != nullptr)
    return;
  host_.append(id_, record_kind::cancel_invocation, c->index,
               encode(journal::cancel_payload{object_, host_.running_exclusive()}));
}

// ── Waiting ──────────────────────────────────────────────────────────────────────────────────

bool execution::satisfied(const wait_request& request) const {
  auto there = [&](std::uint32_t id) { return slots_.contains(id); };
  return request.any ? std::any_of(request.completions.begin(), request.completions.end(), there)
                     : std::all_of(request.completions.begin(), request.completions.end(), there);
}

bool execution::ready(const wait_request& request) {
  if (pause_reason_)
    return false;
  return satisfied(request) || (request.cancellable && cancel_pending_);
}

void execution::suspend(wait_request request, std::coroutine_handle<> who) {
  if (pause_reason_)
    return; // Never resumed: the frame is dropped with the execution.
  waiting_ = std::move(request);
  waiter_ = who;
}

bool execution::take_cancel(const wait_request& request) {
  if (satisfied(request) || !request.cancellable || !cancel_pending_)
    return false;
  cancel_pending_ = false;
  return true;
}

result<std::string> execution::take(std::uint32_t completion) {
  return slots_.at(completion);
}

} // namespace orderhub::durable
