// An object's open effects, and what events say of them.
#include "actors/durable/object_machine.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::durable {

using journal::record_kind;
using providers::doubt_policy;

namespace {

/// The generation of an open effect's key now, as its notes say.
std::uint32_t key_generation(const journal::invocation_state& i, std::uint32_t index) {
  std::uint32_t newest = 1;
  for (const auto& e : i.entries)
    if (e.kind == record_kind::effect_note && e.index == index)
      if (const auto note = journal::decode_note(e.payload))
        newest = std::max(newest, note->attempt);
  return newest;
}

} // namespace

/// A cancel that the journal holds concerns the effects that were open when it came, and not those
/// that undo them.
bool object_machine::was_cancelled(const effect_start& effect) const {
  const auto* live = state_.find_live(effect.invocation);
  if (!effect.recovered || effect.shielded || live == nullptr)
    return false;
  const auto begun = std::find_if(live->entries.begin(), live->entries.end(), [&](const auto& e) {
    return e.kind == record_kind::effect && e.index == effect.index;
  });
  return std::any_of(begun, live->entries.end(),
                     [](const auto& e) { return e.kind == record_kind::cancel; });
}

/// One turn: state, evidence, whoever waits, what follows, and the end of the invocation.
void object_machine::apply_event(const invocation_id& id, const handler_definition& handler) {
  const auto& input = state_.find_live(id)->input; // Until something is appended.
  const auto caller = input.caller;
  auto outcome = handler.event(state_, input.body);
  std::uint32_t index = 1;
  std::vector<invocation_id> children;
  if (outcome) {
    journal::event_payload event{outcome->name, {}};
    for (const auto& [entry, delta] : outcome->merges) {
      // Behind another delta of this event, which is not folded yet.
      auto same = std::find_if(event.values.begin(), event.values.end(),
                               [&](const auto& v) { return v.name == entry; });
      if (same == event.values.end())
        event.values.push_back({entry, merged(entry, state_.value(entry), delta)});
      else
        same->value = merged(entry, &*same->value, delta);
    }
    for (const auto& entry : outcome->clears)
      event.values.push_back({entry, std::nullopt});
    // What says what is known needs no record: the event itself is in the input.
    std::erase_if(event.values, [&](const journal::state_payload& said) {
      const auto* known = state_.value(said.name);
      return said.value ? known != nullptr && *known == *said.value : known == nullptr;
    });
    const bool is_recorded =
        !event.values.empty() || std::any_of(outcome->sends.begin(), outcome->sends.end(),
                                             [](const auto& s) { return !s.noted_as.empty(); });
    children.reserve(outcome->sends.size());
    for (const auto& s : outcome->sends) {
      const auto place = index + (is_recorded ? 1U : 0U) + children.size();
      children.push_back(id.child(static_cast<std::uint32_t>(place)));
      if (!s.noted_as.empty())
        event.values.push_back({s.noted_as, children.back().text()});
    }
    if (is_recorded)
      append(id, record_kind::event, index++, encode(event));
    for (std::size_t i = 0; i < children.size(); ++i) {
      const auto& s = outcome->sends[i];
      journal::call_payload p;
      p.target = s.target;
      p.invocation = children[i];
      p.input.handler = s.handler;
      p.input.revision = std::string(revision_of(s.target, s.handler));
      p.input.shared = is_shared(s.target, s.handler);
      p.input.ephemeral = is_ephemeral(s.target, s.handler);
      p.input.passes_pause = passes_pause(s.target, s.handler);
      p.input.body = s.body;
      p.input.due_at = s.delay_ms > 0 ? now() + s.delay_ms : 0;
      append(id, record_kind::send, index++, encode(p));
      began_call(p);
    }
    if (outcome->cancels_running)
      append(id, record_kind::cancel_invocation, index++,
             encode(journal::cancel_payload{state_.id, running_exclusive()}));
  }
  const result<std::string> response =
      outcome ? result<std::string>(outcome->response) : outcome.failure();
  append(id, record_kind::output, index,
         encode(journal::output_payload{journal::encode(response), caller}));
  take_finished(id);
  if (!outcome)
    return;
  for (const auto& evidence : outcome->evidence)
    give_evidence(evidence);
  for (const auto& [awakeable, value] : outcome->resolves)
    if (const auto* live = state_.find_live(awakeable.invocation);
        live != nullptr && journal::has_awakeable(*live, awakeable.completion) &&
        !has_completion(awakeable.invocation, awakeable.completion))
      resolve_awakeable(awakeable, value);
  tell_waiting(outcome->name);
  if (outcome->acts)
    act(children.empty() ? invocation_id() : children.front(), *outcome->acts);
}

/// Also where the wait is not replayed yet, or is paused: the journal knows who waits.
void object_machine::tell_waiting(const std::string& event) {
  std::vector<std::pair<invocation_id, std::uint32_t>> waiting;
  for (const auto& i : state_.live)
    for (const auto completion : journal::event_waits(i))
      waiting.emplace_back(i.id, completion);
  for (const auto& [invocation, completion] : waiting) {
    const auto* e = find(invocation);
    if (e != nullptr && e->open(completion))
      completions_.push_back({invocation, completion, result<std::string>(event)});
    else if (e == nullptr)
      record_completion(invocation, completion, result<std::string>(event));
  }
}

/// To every open step that it speaks of: in the journal first, since a call may be out that the
/// process does not outlive.
void object_machine::give_evidence(const step_evidence& evidence) {
  std::vector<effect_key> about;
  for (const auto& i : state_.live)
    for (const auto index : journal::open_steps(i, evidence.step, evidence.attempt))
      about.emplace_back(i.id, index);
  for (const auto& key : about) {
    const auto it = effects_.find(key);
    if (evidence.generation != 0 &&
        key_generation(*state_.find_live(key.first), key.second) != evidence.generation)
      continue;
    if (evidence.happened)
      append(key.first, record_kind::effect_note, key.second,
             encode(journal::note_payload{journal::note_kind::evidence, 1, now(), evidence.value}));
    if (it != effects_.end())
      apply(key, it->second.machine->on_evidence(evidence));
  }
}

/// A person's word about a step, which nobody checks: as an event's, it is in the journal first,
/// since a step may not be in memory, or a call of it be out.
void object_machine::believe(const invocation_id& invocation,
                             const journal::operator_payload& action) {
  using journal::note_kind;
  std::vector<effect_key> about;
  for (const auto& i : state_.live)
    if (invocation == invocation_id() || i.id == invocation)
      for (const auto index : journal::open_steps(i, action.step, {}))
        about.emplace_back(i.id, index);
  const bool has_happened = action.verb == journal::operator_verb::happened_unverified;
  for (const auto& key : about) {
    const auto it = effects_.find(key);
    if (has_happened)
      append(key.first, record_kind::effect_note, key.second,
             encode(journal::note_payload{note_kind::believed, 1, now(), action.value}));
    if (it != effects_.end())
      apply(key, has_happened
                     ? it->second.machine->on_evidence({action.step, {}, true, action.value})
                     : it->second.machine->on_operator(action.verb));
  }
}

bool object_machine::is_cancel_under_way() const {
  return std::any_of(state_.live.begin(), state_.live.end(), [&](const auto& i) {
    return i.input.passes_pause && (!i.entries.empty() || !begins_later(i));
  });
}

bool object_machine::is_held(const journal::invocation_state& i) const {
  return state_.paused_by_operator && !i.input.passes_pause;
}

bool object_machine::is_held(const effect_start& effect) const {
  const auto* live = state_.find_live(effect.invocation);
  if (live != nullptr && !is_held(*live))
    return false;
  return state_.paused_by_operator && !(effect.operation.compensates && is_cancel_under_way());
}

void object_machine::hold_effects() {
  std::vector<effect_key> all;
  for (const auto& [key, effect] : effects_)
    all.push_back(key);
  for (const auto& key : all)
    if (auto it = effects_.find(key); it != effects_.end())
      apply(key, it->second.machine->hold(is_held(it->second.machine->start())));
}

void object_machine::begin_effect(effect_start effect) {
  const effect_key key{effect.invocation, effect.index};
  auto& slot = effects_[key];
  if (slot.machine)
    return; // Built anew after a pause: it goes on where it is, its call is out.
  if (paused_.contains(effect.invocation) && effect.recovered) {
    effects_.erase(key);
    return; // Beside one that cannot go on: nothing of it is begun.
  }
  effect.cancelled = was_cancelled(effect);
  slot.machine = std::make_unique<effect_machine>(std::move(effect), state_.id, env_);
  if (is_held(slot.machine->start()))
    apply(key, slot.machine->hold(true));
  apply(key, slot.machine->begin());
}

void object_machine::apply(const effect_key& key, effect_step step) {
  auto it = effects_.find(key);
  for (const auto& n : step.notes) {
    append(key.first, record_kind::effect_note, key.second, encode(n));
    if (n.kind == journal::note_kind::needs_person)
      log::error("effect_needs_person", {{"object", state_.id.text()},
                                         {"step", it->second.machine->start().intent.name},
                                         {"reason", n.text}});
    else if (!journal::is_position(n.kind) && n.kind != journal::note_kind::answered)
      log::info("effect_doubt", {{"object", state_.id.text()},
                                 {"step", it->second.machine->start().intent.name},
                                 {"note", name_of(n.kind)},
                                 {"detail", n.text}});
  }
  switch (step.kind) {
  case effect_step_kind::send: {
    vendor_call call;
    call.ref = {key.first, key.second, ++it->second.sequence};
    call.vendor = it->second.machine->start().intent.vendor;
    call.call_class = step.call_class;
    call.request = std::move(step.request);
    call.deadline_ms = step.deadline_ms;
    call.lookup = step.lookup;
    call.fresh = step.fresh;
    call.may_multiplex = step.may_multiplex;
    call.early = step.early;
    out_.calls.push_back(std::move(call));
    return;
  }
  case effect_step_kind::wait:
    return;
  case effect_step_kind::complete: {
    const auto completion = it->second.machine->start().intent.completion;
    effects_.erase(it);
    completions_.push_back({key.first, completion, std::move(step.value), std::move(step.answer)});
    return;
  }
  case effect_step_kind::pause:
    effects_.erase(it);
    pause(key.first, step.why);
    return;
  }
}

void object_machine::record_completion(const invocation_id& invocation, std::uint32_t completion,
                                       const result<std::string>& value,
                                       const std::optional<journal::vendor_answer>& answer) {
  append(invocation, record_kind::completion, completion,
         answer ? journal::encode(value, *answer) : journal::encode(value));
}

} // namespace orderhub::durable
