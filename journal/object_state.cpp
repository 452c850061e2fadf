#include "journal/object_state.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::journal {

namespace {

void add_live(object_state& state, const invocation_id& id, unix_ms at, input_payload input) {
  if (state.find_live(id) != nullptr)
    return;
  // What is forgotten last is to show it, whichever input that is.
  input.ephemeral = state.ephemeral = state.ephemeral || input.ephemeral;
  invocation_state i;
  i.id = id;
  i.accepted_at = at;
  i.input = std::move(input);
  state.live.push_back(std::move(i));
}

result<void> apply_as_target(object_state& state, const record& r) {
  auto call = decode_call(r.payload);
  if (!call)
    return call.failure();
  if (call->target == state.id)
    add_live(state, call->invocation, r.time, std::move(call->input));
  return {};
}

result<void> apply_as_caller(object_state& state, const record& r) {
  auto output = decode_output(r.payload);
  if (!output)
    return output.failure();
  if (!output->caller || output->caller->object != state.id)
    return {};
  // A caller that has ended wants to know nothing more.
  if (state.find_live(output->caller->invocation) != nullptr)
    state.undelivered.push_back({output->caller->invocation, output->caller->completion,
                                 std::move(output->encoded_result)});
  return {};
}

result<void> apply_as_cancelled(object_state& state, const record& r) {
  auto cancel = decode_cancel(r.payload);
  if (!cancel)
    return cancel.failure();
  if (cancel->target != state.id)
    return {};
  ask_to_stop(state, cancel->invocation);
  return {};
}

result<void> apply_state_entry(object_state& state, const record& r) {
  auto p = decode_state(r.payload);
  if (!p)
    return p.failure();
  if (r.kind == record_kind::clear)
    state.values.erase(p->name);
  else if (p->value)
    state.values.insert_or_assign(std::move(p->name), std::move(*p->value));
  return {};
}

result<void> apply_event(object_state& state, const record& r) {
  auto p = decode_event(r.payload);
  if (!p)
    return p.failure();
  for (auto& value : p->values) {
    if (value.value)
      state.values.insert_or_assign(std::move(value.name), std::move(*value.value));
    else
      state.values.erase(value.name);
  }
  return {};
}

std::vector<invocation_id> ids_in(std::string_view bytes) {
  constexpr std::size_t id_size = sizeof(invocation_id::bytes);
  std::vector<invocation_id> ids;
  for (; bytes.size() >= id_size; bytes.remove_prefix(id_size)) {
    invocation_id id;
    std::copy_n(bytes.begin(), id_size, id.bytes.begin());
    ids.push_back(id);
  }
  return ids;
}

void erase_past(object_state& state, const operator_payload& p) {
  state.past.erases = true;
  for (const auto& id : ids_in(p.value))
    state.past.named.push_back(id);
  for (auto& i : state.finished)
    erase_content(i);
}

/// Of an object at rest; whoever writes the record has looked.
void purge(object_state& state, const operator_payload& p) {
  state.values.clear();
  state.operators.clear();
  state.past.goes = true;
  for (const auto& id : ids_in(p.value))
    state.past.named.push_back(id);
  state.past.gone = state.finished.size();
  state.paused_by_operator = false;
  state.purged = p.wanted == "tombstone";
}

result<void> apply_operator(object_state& state, const record& r) {
  auto p = decode_operator(r.payload);
  if (!p)
    return p.failure();
  const bool is_at_rest = state.live.empty() && state.undelivered.empty();
  if (p->verb == operator_verb::erase)
    erase_past(state, *p);
  if (p->verb == operator_verb::purge && is_at_rest) {
    purge(state, *p);
    if (!state.purged)
      return {}; // Nothing stays.
  }
  if (p->verb == operator_verb::pause)
    state.paused_by_operator = true;
  else if (p->verb == operator_verb::resume)
    state.paused_by_operator = false;
  else if (p->verb == operator_verb::retry)
    for (auto& i : state.live)
      if (r.invocation == invocation_id() || r.invocation == i.id)
        i.paused_text.clear();
  state.operators.push_back({r.time, r.invocation, std::move(*p)});
  if (state.operators.size() > operator_entries_max)
    state.operators.erase(state.operators.begin());
  return {};
}

note_kind kind_of_note(const std::string& payload) {
  return payload.empty() ? note_kind{} : static_cast<note_kind>(payload.front());
}

/// Notes that the new one makes worthless.
void drop_superseded(invocation_state& i, const record& r) {
  if (r.kind != record_kind::effect_note)
    return;
  const auto newer = kind_of_note(r.payload);
  bool refused = false;
  for (const auto& e : i.entries)
    if (e.kind == record_kind::effect_note && e.index == r.index) {
      const auto kind = kind_of_note(e.payload);
      if (kind == note_kind::done_before || kind == note_kind::not_done_before)
        refused = kind == note_kind::done_before;
    }
  std::erase_if(i.entries, [&](const entry& e) {
    return e.kind == record_kind::effect_note && e.index == r.index &&
           supersedes(newer, kind_of_note(e.payload), refused);
  });
}

void finish(object_state& state, const record& r, std::string encoded_result) {
  auto it = std::find_if(state.live.begin(), state.live.end(),
                         [&](const auto& i) { return i.id == r.invocation; });
  if (it == state.live.end())
    return;
  it->finished = true;
  it->finished_at = r.time;
  if (state.ephemeral)
    state.last_finished_at = std::max(state.last_finished_at, r.time);
  it->output = std::move(encoded_result);
  it->paused_text.clear();
  state.finished.push_back(std::move(*it));
  state.live.erase(it);
  std::erase_if(state.undelivered, [&](const auto& u) { return u.invocation == r.invocation; });
  std::erase(state.cancels, r.invocation);
}

result<void> apply_as_owner(object_state& state, const record& r) {
  if (r.kind == record_kind::input) {
    auto input = decode_input(r.payload);
    if (!input)
      return input.failure();
    add_live(state, r.invocation, r.time, std::move(*input));
    return {};
  }
  if (r.kind == record_kind::output) {
    auto output = decode_output(r.payload);
    if (!output)
      return output.failure();
    finish(state, r, std::move(output->encoded_result));
    return {};
  }
  if (r.kind == record_kind::event)
    return apply_event(state, r);
  if (r.kind == record_kind::operator_action)
    return apply_operator(state, r);
  if (r.kind == record_kind::set || r.kind == record_kind::clear || r.kind == record_kind::merge)
    if (auto done = apply_state_entry(state, r); !done)
      return done;
  if (auto* i = state.find_live(r.invocation)) {
    if (r.kind == record_kind::paused) {
      i->paused_text = r.payload;
      return {};
    }
    drop_superseded(*i, r);
    i->entries.push_back({r.kind, r.time, r.index, r.payload});
    if (r.kind == record_kind::cancel)
      std::erase(state.cancels, r.invocation);
    if (r.kind == record_kind::completion)
      std::erase_if(state.undelivered, [&](const auto& u) {
        return u.invocation == r.invocation && u.completion == r.index;
      });
  }
  return {};
}

} // namespace

const std::string* object_state::value(std::string_view name) const {
  auto it = values.find(name);
  return it == values.end() ? nullptr : &it->second;
}

invocation_state* object_state::find_live(const invocation_id& wanted) {
  auto it = std::find_if(live.begin(), live.end(), [&](const auto& i) { return i.id == wanted; });
  return it == live.end() ? nullptr : &*it;
}

const invocation_state* object_state::find_live(const invocation_id& wanted) const {
  auto it = std::find_if(live.begin(), live.end(), [&](const auto& i) { return i.id == wanted; });
  return it == live.end() ? nullptr : &*it;
}

std::optional<object_id> target_of(const record& r) {
  if (r.kind == record_kind::call || r.kind == record_kind::send) {
    if (auto p = decode_call(r.payload))
      return std::move(p->target);
  } else if (r.kind == record_kind::output) {
    if (auto p = decode_output(r.payload); p && p->caller)
      return std::move(p->caller->object);
  } else if (r.kind == record_kind::cancel_invocation) {
    if (auto p = decode_cancel(r.payload))
      return std::move(p->target);
  }
  return std::nullopt;
}

result<void> apply(object_state& state, const record& r, log_sequence at) {
  if (r.object == state.id)
    if (auto done = apply_as_owner(state, r); !done)
      return done;
  if (r.kind == record_kind::call || r.kind == record_kind::send) {
    if (auto done = apply_as_target(state, r); !done)
      return done;
  } else if (r.kind == record_kind::output) {
    if (auto done = apply_as_caller(state, r); !done)
      return done;
  } else if (r.kind == record_kind::cancel_invocation) {
    if (auto done = apply_as_cancelled(state, r); !done)
      return done;
  }
  state.folded_to = std::max(state.folded_to, at);
  state.last_time = std::max(state.last_time, r.time);
  if (state.blank()) { // As it is once its row is gone.
    state.ephemeral = false;
    state.last_finished_at = 0;
  }
  return {};
}

void erase_content(invocation_state& invocation) {
  const auto without_value = [](std::string& encoded) {
    const auto value = decode_result(encoded);
    if (!value || !*value)
      return; // A failure has no word of a customer's.
    const auto answer = decode_answer(encoded);
    const result<std::string> erased = std::string(erased_value);
    encoded = answer && *answer ? encode(erased, **answer) : encode(erased);
  };
  invocation.input.body.clear();
  without_value(invocation.output);
  for (auto& e : invocation.entries)
    switch (e.kind) {
    case record_kind::get:
    case record_kind::set:
    case record_kind::merge:
      if (auto p = decode_state(e.payload); p && p->value) {
        p->value = std::string();
        e.payload = encode(*p);
      }
      break;
    case record_kind::run:
      if (auto p = decode_run(e.payload)) {
        without_value(p->encoded_result);
        e.payload = encode(*p);
      }
      break;
    case record_kind::effect:
      if (auto p = decode_effect(e.payload)) {
        p->path.clear();
        p->headers.clear();
        p->body.clear();
        p->method.clear();
        e.payload = encode(*p);
      }
      break;
    case record_kind::call:
    case record_kind::send:
      if (auto p = decode_call(e.payload)) {
        p->input.body.clear();
        e.payload = encode(*p);
      }
      break;
    case record_kind::completion:
      without_value(e.payload);
      break;
    case record_kind::effect_note:
      if (auto p = decode_note(e.payload);
          p && (p->kind == note_kind::evidence || p->kind == note_kind::believed)) {
        p->text.clear();
        e.payload = encode(*p);
      } else if (p && p->kind == note_kind::answered) {
        if (auto n = decode_answer_note(p->text); n && !n->excerpt.empty()) {
          n->excerpt.clear(); // A vendor may have said again what it was sent.
          p->text = encode(*n);
          e.payload = encode(*p);
        }
      }
      break;
    default:
      break;
    }
}

void ask_to_stop(object_state& state, const invocation_id& invocation) {
  const auto* live = state.find_live(invocation);
  if (live == nullptr || std::any_of(live->entries.begin(), live->entries.end(),
                                     [](const auto& e) { return e.kind == record_kind::cancel; }))
    return;
  if (std::find(state.cancels.begin(), state.cancels.end(), invocation) == state.cancels.end())
    state.cancels.push_back(invocation);
}

} // namespace orderhub::journal
