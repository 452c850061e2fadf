// An object goes on until nothing moves: what ended, completions, cancels, starts.
#include "actors/durable/object_machine.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::durable {

using journal::record_kind;

void object_machine::pump() {
  while (pump_finished() || pump_completions() || pump_cancels() || pump_undelivered() ||
         pump_holds() || pump_starts()) {
  }
}

bool object_machine::pump_finished() {
  for (auto it = executions_.begin(); it != executions_.end(); ++it) {
    auto& e = *it->second;
    if (e.paused() && !paused_.contains(it->first)) {
      pause(it->first, e.pause_reason()->message);
      return true;
    }
    if (!e.finished())
      continue;
    const auto id = it->first;
    executions_.erase(it);
    std::erase_if(effects_, [&](const auto& x) { return x.first.first == id; });
    take_finished(id);
    return true;
  }
  return false;
}

bool object_machine::pump_completions() {
  if (completions_.empty())
    return false;
  auto next = std::move(completions_.front());
  completions_.erase(completions_.begin());
  auto* e = find(next.invocation);
  const bool wanted = e != nullptr ? e->open(next.completion) : paused_.contains(next.invocation);
  if (!wanted || has_completion(next.invocation, next.completion))
    return true;
  record_completion(next.invocation, next.completion, next.value, next.answer);
  if (e != nullptr)
    e->deliver(next.completion, std::move(next.value));
  return true;
}

bool object_machine::pump_undelivered() {
  for (const auto& u : state_.undelivered) {
    auto* e = find(u.invocation);
    if (e == nullptr || e->paused() || !e->open(u.completion))
      continue;
    auto value = journal::decode_result(u.encoded_result);
    if (!value) {
      pause(u.invocation, value.error().message);
      continue;
    }
    const auto invocation = u.invocation;
    const auto completion = u.completion;
    record_completion(invocation, completion, *value); // Removes it from the list.
    e->deliver(completion, std::move(*value));
    return true;
  }
  return false;
}

bool object_machine::pump_cancels() {
  for (const auto& id : state_.cancels) {
    const auto* live = state_.find_live(id);
    const auto* handler =
        live == nullptr ? nullptr : services_.find(state_.id.service, live->input.handler);
    if (live == nullptr || (handler != nullptr && !handler->cancellable))
      continue; // It is never asked to stop; the wish ends with it.
    if (live->entries.empty() && !executions_.contains(id))
      end_unbegun(*live);
    else
      cancel(invocation_id(id));
    return true; // The list has changed.
  }
  return false;
}

/// What has not begun has nothing to undo.
void object_machine::end_unbegun(const journal::invocation_state& invocation) {
  const auto id = invocation.id;
  const auto caller = invocation.input.caller;
  paused_.erase(id);
  append(id, record_kind::output, 1,
         encode(journal::output_payload{
             journal::encode(result<std::string>(fail(cancelled_error()))), caller}));
  take_finished(id);
}

/// Its output was just appended: whoever waits is told.
void object_machine::take_finished(const invocation_id& id) {
  auto done = std::find_if(state_.finished.begin(), state_.finished.end(),
                           [&](const auto& i) { return i.id == id; });
  if (done == state_.finished.end())
    std::abort();
  if (env_.metrics != nullptr)
    env_.metrics->ended(state_.id.service, done->input.handler, id, done->accepted_at, now());
  if (auto outcome = journal::decode_result(done->output))
    out_.finished.push_back({id, std::move(*outcome)});
  if (done->input.caller && done->input.caller->object != state_.id)
    out_.messages.emplace_back(completion_for{*done->input.caller, done->output});
  state_.finished.erase(done);
}

void object_machine::cancel(const invocation_id& id) {
  // The effects that are open now, not those that the handler begins to undo them.
  std::vector<effect_key> open;
  for (const auto& [key, effect] : effects_)
    if (key.first == id && !effect.machine->start().shielded)
      open.push_back(key);
  append(id, record_kind::cancel, 0, {});
  if (auto* e = find(id))
    e->deliver_cancel();
  for (const auto& key : open)
    if (auto it = effects_.find(key); it != effects_.end())
      apply(key, it->second.machine->on_cancel());
}

bool object_machine::begins_later(const journal::invocation_state& i) const {
  return i.input.due_at > 0 && steady_due(i.accepted_at, i.input.due_at) > env_.time.steady_ms();
}

/// A cancel goes through a pause, and waits for what runs: that may go on undoing.
bool object_machine::pump_holds() {
  const bool lets_undo = state_.paused_by_operator && is_cancel_under_way();
  if (std::exchange(lets_undo_, lets_undo) == lets_undo || !state_.paused_by_operator)
    return false;
  hold_effects();
  return true;
}

bool object_machine::pump_starts() {
  bool exclusive_busy = false;
  for (const auto& i : state_.live)
    if (!i.input.shared && (executions_.contains(i.id) || paused_.contains(i.id)))
      exclusive_busy = true;
  const journal::invocation_state* next = nullptr;
  for (const auto& i : state_.live) {
    if (executions_.contains(i.id) || paused_.contains(i.id))
      continue;
    const bool begun = !i.entries.empty();
    if (!begun && begins_later(i))
      continue;
    const auto* handler = services_.find(state_.id.service, i.input.handler);
    const bool is_event = handler != nullptr && handler->mode == handler_mode::event;
    // What a person has paused begins nothing; what has happened has happened.
    if (is_held(i) && !begun && !is_event)
      continue;
    if (i.input.shared) {
      if (next == nullptr)
        next = &i;
      continue;
    }
    if (exclusive_busy)
      continue;
    // One that has begun goes before those that only wait.
    if (next == nullptr || (begun && !next->input.shared && next->entries.empty()))
      next = &i;
  }
  if (next == nullptr)
    return false;
  start(*next);
  return true;
}

void object_machine::start(const journal::invocation_state& invocation) {
  const auto id = invocation.id;
  if (state_.purged) {
    const auto caller = invocation.input.caller;
    append(id, record_kind::output, 1,
           encode(journal::output_payload{
               journal::encode(result<std::string>(fail(purged_error()))), caller}));
    take_finished(id);
    return;
  }
  const auto* handler =
      service_ == nullptr ? nullptr : services_.find(state_.id.service, invocation.input.handler);
  if (handler != nullptr && handler->mode == handler_mode::event && handler->event) {
    apply_event(id, *handler);
    return;
  }
  if (handler == nullptr || !handler->run) {
    pause(id, "this program has no handler " + state_.id.service + '/' + invocation.input.handler);
    return;
  }
  if (!invocation.entries.empty() && invocation.input.revision != handler->revision) {
    pause(id, "begun by revision \"" + invocation.input.revision + "\" of " + state_.id.service +
                  '/' + invocation.input.handler + ", this program has revision \"" +
                  handler->revision +
                  "\": its steps may be others. Go on with the old program, or "
                  "retry it with one that has that revision.");
    return;
  }
  auto made = std::make_unique<execution>(static_cast<execution_host&>(*this), state_.id,
                                          invocation, [handler](execution& e, std::string body) {
                                            return handler->run(context(e), std::move(body));
                                          });
  auto& e = *made;
  executions_.emplace(id, std::move(made));
  e.begin();
  if (const auto* live = state_.find_live(id);
      live != nullptr && !live->paused_text.empty() && !paused_.contains(id) && !e.paused())
    append(id, record_kind::paused, 0, {}); // It goes on.
}

void object_machine::pause(const invocation_id& id, const std::string& why) {
  paused_.insert_or_assign(id, why);
  if (auto* e = find(id))
    e->freeze({error_kind::invalid, "durable.object", why});
  park_effects(id);
  auto* live = state_.find_live(id);
  if (live == nullptr || live->paused_text == why)
    return; // Said before the last restart.
  log::error("invocation_paused",
             {{"object", state_.id.text()}, {"invocation", id.text()}, {"reason", why}});
  append(id, record_kind::paused, 0, why);
}

/// Of what is paused only calls that are out are kept here, for their answers; all else is in the
/// journal, for whoever goes on.
void object_machine::park_effects(const invocation_id& id) {
  std::vector<effect_key> parked;
  for (const auto& [key, effect] : effects_)
    if (key.first == id && !effect.machine->calling())
      parked.push_back(key);
  for (const auto& key : parked) {
    apply(key, effects_.at(key).machine->park());
    effects_.erase(key);
  }
}

execution* object_machine::find(const invocation_id& id) {
  auto it = executions_.find(id);
  return it == executions_.end() ? nullptr : it->second.get();
}

} // namespace orderhub::durable
