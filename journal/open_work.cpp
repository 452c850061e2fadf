#include "journal/open_work.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr std::string_view until_mark = "until=";

/// An effect that has no completion yet, and where its notes say it stands.
struct open_effect {
  std::uint32_t index = 0;
  unix_ms since = 0;
  effect_payload intent;
  std::optional<note_payload> position; ///< The newest one.
  unix_ms position_recorded_at = 0;
  std::optional<note_payload> person; ///< A person was called, and nothing has changed since.
  std::optional<open_doubt> doubt;
  bool refused = false; ///< As done before.
  /// A cancel came after it: what of it is in doubt no pause holds.
  bool cancelled = false;
};

std::set<std::uint32_t> answered_in(const invocation_state& i) {
  std::set<std::uint32_t> answered;
  for (const auto& e : i.entries)
    if (e.kind == record_kind::completion)
      answered.insert(e.index);
  return answered;
}

/// In the order in which they began.
std::vector<open_effect> open_effects(const invocation_state& i) {
  std::vector<open_effect> open;
  const auto answered = answered_in(i);
  for (const auto& e : i.entries) {
    if (e.kind == record_kind::effect) {
      if (auto p = decode_effect(e.payload); p && !answered.contains(p->completion))
        open.push_back({e.index, e.time, std::move(*p), {}, 0, {}, {}, false});
      continue;
    }
    if (e.kind == record_kind::cancel)
      for (auto& o : open)
        o.cancelled = true;
    if (e.kind != record_kind::effect_note)
      continue;
    auto of = std::find_if(open.begin(), open.end(),
                           [&](const open_effect& o) { return o.index == e.index; });
    auto note = of == open.end() ? std::nullopt : std::optional(decode_note(e.payload));
    if (!note || !*note)
      continue;
    switch ((*note)->kind) {
    case note_kind::needs_person:
      of->person = **note;
      if ((*note)->at == 0)
        of->position.reset(); // It waits for that person, and for no time.
      break;
    case note_kind::done_before:
      of->refused = true;
      [[fallthrough]];
    case note_kind::doubt:
      if (!of->doubt)
        of->doubt = open_doubt{of->intent.name, (*note)->at, (*note)->text, of->intent.operation};
      break;
    case note_kind::not_done_before:
      of->refused = false;
      break;
    case note_kind::lookup_absent:
      if (!of->refused) {
        of->doubt.reset();
        of->position.reset();
      }
      break;
    default:
      break;
    }
    if (is_position((*note)->kind)) {
      of->position = std::move(**note);
      of->position_recorded_at = e.time;
    }
  }
  return open;
}

/// The open commands of one invocation.
struct open_commands {
  bool any = false;
  bool effect = false;
  bool call = false;
  std::optional<recorded_wait> due;
};

void earlier(std::optional<recorded_wait>& due, recorded_wait wait) {
  if (!due || std::pair(wait.due, wait.recorded_at) < std::pair(due->due, due->recorded_at))
    due = wait;
}

/// `held`: a person has paused the object, and only look-ups go on by themselves.
open_commands open_of(const invocation_state& i, bool held) {
  open_commands open;
  for (const auto& e : open_effects(i)) {
    open.any = open.effect = true;
    if (e.position && e.position->kind != note_kind::resend && e.position->at > 0 &&
        !(held && e.position->kind == note_kind::retry_at && !(e.cancelled && e.doubt)))
      earlier(open.due, {e.position_recorded_at, e.position->at});
  }
  const auto answered = answered_in(i);
  for (const auto& e : i.entries) {
    switch (e.kind) {
    case record_kind::sleep:
    case record_kind::awakeable:
    case record_kind::await_event: {
      auto p = decode_wait(e.payload);
      if (p && !answered.contains(p->completion)) {
        open.any = true;
        if (e.kind == record_kind::sleep && !held)
          earlier(open.due, {e.time, p->due_at});
      }
      break;
    }
    case record_kind::call: {
      auto p = decode_call(e.payload);
      if (p && !answered.contains(p->completion))
        open.any = open.call = true;
      break;
    }
    default:
      break;
    }
  }
  return open;
}

} // namespace

std::string pause_until(unix_ms due) {
  return std::string(until_mark) + std::to_string(due);
}

std::optional<recorded_wait> pause_end(const object_state& state) {
  if (!state.paused_by_operator)
    return std::nullopt;
  const auto pause =
      std::find_if(state.operators.rbegin(), state.operators.rend(),
                   [](const auto& o) { return o.action.verb == operator_verb::pause; });
  if (pause == state.operators.rend() || !pause->action.wanted.starts_with(until_mark))
    return std::nullopt;
  const auto digits = std::string_view(pause->action.wanted).substr(until_mark.size());
  recorded_wait end{pause->at, 0};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), end.due);
  return read.ec == std::errc() ? std::optional(end) : std::nullopt;
}

std::optional<recorded_wait> next_due(const object_state& state) {
  auto due = pause_end(state);
  // A cancel that goes through a pause may wait for what is undone already.
  const bool held =
      state.paused_by_operator && std::none_of(state.live.begin(), state.live.end(),
                                               [](const auto& i) { return i.input.passes_pause; });
  for (const auto& i : state.live) {
    if (!i.paused_text.empty())
      continue; // What cannot go on has nothing to do by itself.
    if (i.input.due_at > 0 && i.entries.empty() && !held)
      earlier(due, {i.accepted_at, i.input.due_at});
    if (auto open = open_of(i, held); open.due)
      earlier(due, *open.due);
  }
  return due;
}

bool has_awakeable(const invocation_state& invocation, std::uint32_t completion) {
  return std::any_of(invocation.entries.begin(), invocation.entries.end(), [&](const entry& e) {
    if (e.kind != record_kind::awakeable)
      return false;
    auto wait = decode_wait(e.payload);
    return wait && wait->completion == completion;
  });
}

std::vector<std::uint32_t> open_steps(const invocation_state& invocation, std::string_view step,
                                      std::string_view attempt) {
  std::vector<std::uint32_t> out;
  for (const auto& e : open_effects(invocation))
    if (e.intent.name == step && (attempt.empty() || e.intent.attempt == attempt))
      out.push_back(e.index);
  return out;
}

std::vector<open_key> open_keys(const object_state& state) {
  std::vector<open_key> out;
  for (const auto& i : state.live)
    for (const auto& e : open_effects(i)) {
      if (e.intent.key.empty())
        continue;
      open_key open{e.intent.name, e.intent.attempt, e.intent.key, 1};
      for (const auto& entry : i.entries)
        if (entry.kind == record_kind::effect_note && entry.index == e.index)
          if (const auto note = decode_note(entry.payload))
            open.generation = std::max(open.generation, note->attempt);
      out.push_back(std::move(open));
    }
  return out;
}

std::vector<std::uint32_t> event_waits(const invocation_state& invocation) {
  std::vector<std::uint32_t> out;
  const auto answered = answered_in(invocation);
  for (const auto& e : invocation.entries)
    if (e.kind == record_kind::await_event)
      if (auto p = decode_wait(e.payload); p && !answered.contains(p->completion))
        out.push_back(p->completion);
  return out;
}

std::vector<open_doubt> open_doubts(const object_state& state) {
  std::vector<open_doubt> out;
  for (const auto& i : state.live)
    for (auto& e : open_effects(i))
      if (e.doubt)
        out.push_back(std::move(*e.doubt));
  return out;
}

std::vector<open_wait> open_waits(const object_state& state) {
  std::vector<open_wait> out;
  for (const auto& i : state.live)
    for (auto& e : open_effects(i)) {
      const bool waits = e.position && e.position->kind != note_kind::resend;
      if (!waits && !e.person)
        continue;
      open_wait w;
      w.step = std::move(e.intent.name);
      w.vendor = std::move(e.intent.vendor);
      w.operation = std::move(e.intent.operation);
      w.since = e.since;
      w.invocation = i.id;
      w.index = e.index;
      w.in_doubt = e.doubt.has_value();
      if (e.position) {
        w.sends = e.position->sends;
        w.reason = e.position->text;
        w.next_at = waits ? e.position->at : 0;
      }
      if (e.person) {
        w.needs_person = true;
        w.sends = std::max(w.sends, e.person->sends);
        w.reason = e.person->text;
      }
      out.push_back(std::move(w));
    }
  return out;
}

std::vector<open_wait> calls_out(const object_state& state) {
  std::vector<open_wait> out;
  for (const auto& i : state.live)
    for (auto& e : open_effects(i)) {
      const bool waits = e.position && e.position->kind != note_kind::resend;
      if (waits || e.person || !i.paused_text.empty())
        continue;
      open_wait w;
      w.step = std::move(e.intent.name);
      w.vendor = std::move(e.intent.vendor);
      w.operation = std::move(e.intent.operation);
      w.since = e.since;
      w.invocation = i.id;
      w.index = e.index;
      w.in_doubt = e.doubt.has_value();
      w.sends = std::max<std::uint32_t>(e.position ? e.position->sends : 0, 1);
      out.push_back(std::move(w));
    }
  return out;
}

std::vector<open_invocation> open_invocations(const object_state& state) {
  std::vector<open_invocation> out;
  std::string running; // The exclusive one that has begun, or is next.
  for (const auto& i : state.live) {
    const bool is_first = !i.input.shared && running.empty();
    if (is_first && (!i.entries.empty() || i.input.due_at == 0))
      running = i.input.handler;
    if (!i.paused_text.empty() || !open_effects(i).empty())
      continue;
    open_invocation open{
        i.input.handler, i.input.body, i.accepted_at, 0, 0, !i.entries.empty(), {}};
    if (!open.begun) {
      open.due_at = i.input.due_at;
      if (!i.input.shared && !is_first)
        open.waits_for = running;
    } else {
      const auto answered = answered_in(i);
      for (const auto& e : i.entries) {
        if (e.kind == record_kind::call) {
          if (auto p = decode_call(e.payload); p && !answered.contains(p->completion))
            open.waits_for = p->target.service + '/' + p->input.handler;
        } else if (e.kind == record_kind::sleep) {
          if (auto p = decode_wait(e.payload); p && !answered.contains(p->completion))
            open.wakes_at = p->due_at;
        }
      }
    }
    out.push_back(std::move(open));
  }
  return out;
}

bool needs_resume(const object_state& state) {
  if (!state.undelivered.empty() || !state.cancels.empty())
    return true;
  bool exclusive_seen = false;
  for (const auto& i : state.live) {
    if (!i.paused_text.empty())
      return true; // Perhaps this program can go on where the last one could not.
    if (i.entries.empty() && i.input.due_at > 0)
      continue; // A timer starts it.
    const auto open = open_of(i, false);
    if (open.effect || open.call)
      return true;
    // Nothing open: it has not begun, or it was on its way to the next step. An exclusive one that
    // waits for another is started when that one ends.
    if (!open.any && (i.input.shared || !exclusive_seen))
      return true;
    if (!i.input.shared)
      exclusive_seen = true;
  }
  return false;
}

} // namespace orderhub::journal
