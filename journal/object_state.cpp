#include "journal/object_state.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr std::uint8_t row_version = 1;

tl::unexpected<error> corrupt(const char* where, std::string message) {
  return fail({error_kind::corrupt, where, std::move(message)});
}

void put(byte_writer& w, const invocation_state& i) {
  w.array(i.id.bytes);
  w.i64(i.accepted_at);
  w.str32(encode(i.input));
  w.u32(static_cast<std::uint32_t>(i.entries.size()));
  for (const auto& e : i.entries) {
    w.u8(static_cast<std::uint8_t>(e.kind));
    w.i64(e.time);
    w.u32(e.index);
    w.str32(e.payload);
  }
  w.u8(i.finished ? 1 : 0);
  w.i64(i.finished_at);
  w.str32(i.output);
  w.str32(i.paused_text);
}

result<invocation_state> get_invocation(byte_reader& r) {
  invocation_state i;
  i.id.bytes = r.array<22>();
  i.accepted_at = r.i64();
  auto input = decode_input(r.str32());
  if (!input)
    return input.failure();
  i.input = std::move(*input);
  const auto count = r.u32();
  for (std::uint32_t n = 0; n < count && r.ok(); ++n) {
    entry e;
    e.kind = static_cast<record_kind>(r.u8());
    e.time = r.i64();
    e.index = r.u32();
    e.payload = std::string(r.str32());
    i.entries.push_back(std::move(e));
  }
  i.finished = r.u8() != 0;
  i.finished_at = r.i64();
  i.output = std::string(r.str32());
  i.paused_text = std::string(r.str32());
  return i;
}

/// The body of a row whose checksum and version are right.
result<std::string_view> open_row(std::string_view bytes, const char* where) {
  if (bytes.size() < 5)
    return corrupt(where, "shorter than its checksum");
  const auto body = bytes.substr(0, bytes.size() - 4);
  if (byte_reader(bytes.substr(body.size())).u32() != crc32_of(body))
    return corrupt(where, "checksum differs");
  if (const auto version = static_cast<std::uint8_t>(body[0]); version != row_version)
    return corrupt(where, "version " + std::to_string(version) + " is not known to this program");
  return body.substr(1);
}

std::string close_row(byte_writer& w) {
  w.u32(crc32_of(w.view()));
  return w.take();
}

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

result<void> apply_operator(object_state& state, const record& r) {
  auto p = decode_operator(r.payload);
  if (!p)
    return p.failure();
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
        of->doubt = open_doubt{of->intent.name, (*note)->at, (*note)->text};
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
        !(held && e.position->kind == note_kind::retry_at))
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

std::string encode(const output_payload& p) {
  byte_writer w(96 + p.encoded_result.size());
  w.str32(p.encoded_result);
  w.u8(p.caller ? 1 : 0);
  if (p.caller) {
    w.str8(p.caller->object.service);
    w.str8(p.caller->object.key);
    w.array(p.caller->invocation.bytes);
    w.u32(p.caller->completion);
  }
  return w.take();
}

result<output_payload> decode_output(std::string_view bytes) {
  byte_reader r(bytes);
  output_payload p;
  p.encoded_result = std::string(r.str32());
  if (r.u8() != 0) {
    caller_ref c;
    c.object.service = std::string(r.str8());
    c.object.key = std::string(r.str8());
    c.invocation.bytes = r.array<22>();
    c.completion = r.u32();
    p.caller = std::move(c);
  }
  if (!r.done())
    return corrupt("journal.output", "the payload is cut short or too long");
  return p;
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

std::optional<recorded_wait> next_due(const object_state& state) {
  std::optional<recorded_wait> due;
  const bool held = state.paused_by_operator;
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

void ask_to_stop(object_state& state, const invocation_id& invocation) {
  const auto* live = state.find_live(invocation);
  if (live == nullptr || std::any_of(live->entries.begin(), live->entries.end(),
                                     [](const auto& e) { return e.kind == record_kind::cancel; }))
    return;
  if (std::find(state.cancels.begin(), state.cancels.end(), invocation) == state.cancels.end())
    state.cancels.push_back(invocation);
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
      w.since = e.since;
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

std::string encode(const object_state& state) {
  byte_writer w(256);
  w.u8(row_version);
  w.u64(state.folded_to);
  w.i64(state.last_time);
  w.str8(state.id.service);
  w.str8(state.id.key);
  w.u32(static_cast<std::uint32_t>(state.values.size()));
  for (const auto& [name, value] : state.values) {
    w.str8(name);
    w.str32(value);
  }
  w.u32(static_cast<std::uint32_t>(state.live.size()));
  for (const auto& i : state.live)
    put(w, i);
  w.u32(static_cast<std::uint32_t>(state.undelivered.size()));
  for (const auto& u : state.undelivered) {
    w.array(u.invocation.bytes);
    w.u32(u.completion);
    w.str32(u.encoded_result);
  }
  w.u32(static_cast<std::uint32_t>(state.cancels.size()));
  for (const auto& id : state.cancels)
    w.array(id.bytes);
  w.u8(static_cast<std::uint8_t>((state.ephemeral ? 1U : 0U) |
                                 (state.paused_by_operator ? 2U : 0U)));
  if (state.ephemeral)
    w.i64(state.last_finished_at);
  w.u32(static_cast<std::uint32_t>(state.operators.size()));
  for (const auto& o : state.operators) {
    w.i64(o.at);
    w.array(o.invocation.bytes);
    w.str32(encode(o.action));
  }
  return close_row(w);
}

bool of_newer_version(std::string_view row) {
  if (row.size() < 5)
    return false;
  const auto body = row.substr(0, row.size() - 4);
  return byte_reader(row.substr(body.size())).u32() == crc32_of(body) &&
         static_cast<std::uint8_t>(body[0]) > row_version;
}

result<object_state> decode_object(std::string_view bytes) {
  constexpr auto where = "journal.object_row";
  auto body = open_row(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  object_state s;
  s.folded_to = r.u64();
  s.last_time = r.i64();
  s.id.service = std::string(r.str8());
  s.id.key = std::string(r.str8());
  for (auto count = r.u32(); count > 0 && r.ok(); --count) {
    auto name = std::string(r.str8());
    s.values.insert_or_assign(std::move(name), std::string(r.str32()));
  }
  for (auto count = r.u32(); count > 0 && r.ok(); --count) {
    auto i = get_invocation(r);
    if (!i)
      return i.failure();
    s.live.push_back(std::move(*i));
  }
  for (auto count = r.u32(); count > 0 && r.ok(); --count) {
    undelivered_completion u;
    u.invocation.bytes = r.array<22>();
    u.completion = r.u32();
    u.encoded_result = std::string(r.str32());
    s.undelivered.push_back(std::move(u));
  }
  for (auto count = r.u32(); count > 0 && r.ok(); --count)
    s.cancels.push_back({r.array<22>()});
  const auto flags = r.u8();
  s.ephemeral = (flags & 1U) != 0;
  s.paused_by_operator = (flags & 2U) != 0;
  if (s.ephemeral)
    s.last_finished_at = r.i64();
  for (auto count = r.u32(); count > 0 && r.ok(); --count) {
    operator_entry o;
    o.at = r.i64();
    o.invocation.bytes = r.array<22>();
    auto action = decode_operator(r.str32());
    if (!action)
      return action.failure();
    o.action = std::move(*action);
    s.operators.push_back(std::move(o));
  }
  if (!r.done())
    return corrupt(where, "the row is cut short or too long");
  return s;
}

std::string encode(const invocation_row& row) {
  byte_writer w(256);
  w.u8(row_version);
  w.str8(row.object.service);
  w.str8(row.object.key);
  put(w, row.invocation);
  return close_row(w);
}

result<invocation_row> decode_invocation_row(std::string_view bytes) {
  constexpr auto where = "journal.invocation_row";
  auto body = open_row(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  invocation_row row;
  row.object.service = std::string(r.str8());
  row.object.key = std::string(r.str8());
  auto i = get_invocation(r);
  if (!i)
    return i.failure();
  row.invocation = std::move(*i);
  if (!r.done())
    return corrupt(where, "the row is cut short or too long");
  return row;
}

} // namespace orderhub::journal
