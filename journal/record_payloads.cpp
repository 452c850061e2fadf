#include "journal/record.hpp"
#include "journal/record_bytes.hpp"

#include <utility>

namespace orderhub::journal {

using namespace record_bytes;

namespace {

using record_bytes::put;

void put(byte_writer& w, const caller_ref& c) {
  put(w, c.object);
  w.array(c.invocation.bytes);
  w.u32(c.completion);
}

caller_ref get_caller(byte_reader& r) {
  caller_ref c;
  c.object = get_object(r);
  c.invocation = get_invocation(r);
  c.completion = r.u32();
  return c;
}

void put(byte_writer& w, const input_payload& p) {
  w.str8(p.handler);
  w.str8(p.revision);
  w.u8(static_cast<std::uint8_t>((p.shared ? 1U : 0U) | (p.key ? 2U : 0U) | (p.caller ? 4U : 0U) |
                                 (p.call_chain.empty() ? 0U : 8U) | (p.ephemeral ? 16U : 0U) |
                                 (p.passes_pause ? 32U : 0U)));
  w.i64(p.due_at);
  w.str32(p.body);
  if (p.key) {
    w.array(p.key->scope);
    w.array(p.key->body);
    w.i64(p.key->expires_at);
  }
  if (p.caller)
    put(w, *p.caller);
  if (!p.call_chain.empty()) {
    w.u8(static_cast<std::uint8_t>(p.call_chain.size()));
    for (const auto& id : p.call_chain)
      put(w, id);
  }
}

input_payload get_input(byte_reader& r) {
  input_payload p;
  p.handler = text(r.str8());
  p.revision = text(r.str8());
  const auto flags = r.u8();
  p.shared = (flags & 1U) != 0;
  p.ephemeral = (flags & 16U) != 0;
  p.passes_pause = (flags & 32U) != 0;
  p.due_at = r.i64();
  p.body = text(r.str32());
  if ((flags & 2U) != 0) {
    request_key key;
    key.scope = r.array<32>();
    key.body = r.array<32>();
    key.expires_at = r.i64();
    p.key = key;
  }
  if ((flags & 4U) != 0)
    p.caller = get_caller(r);
  if ((flags & 8U) != 0)
    for (auto count = r.u8(); count > 0 && r.ok(); --count)
      p.call_chain.push_back(get_object(r));
  return p;
}

} // namespace

std::string encode(const input_payload& p) {
  byte_writer w(96 + p.body.size());
  put(w, p);
  return w.take();
}

result<input_payload> decode_input(std::string_view bytes) {
  byte_reader r(bytes);
  auto p = get_input(r);
  return finish(r, std::move(p), "journal.input");
}

std::string encode(const call_payload& p) {
  byte_writer w(160 + p.input.body.size());
  put(w, p.target);
  w.array(p.invocation.bytes);
  w.u32(p.completion);
  put(w, p.input);
  return w.take();
}

result<call_payload> decode_call(std::string_view bytes) {
  byte_reader r(bytes);
  call_payload p;
  p.target = get_object(r);
  p.invocation = get_invocation(r);
  p.completion = r.u32();
  p.input = get_input(r);
  return finish(r, std::move(p), "journal.call");
}

std::string encode(const state_payload& p) {
  byte_writer w(16 + p.name.size() + (p.value ? p.value->size() : 0));
  w.str8(p.name);
  w.u8(p.value ? 1 : 0);
  if (p.value)
    w.str32(*p.value);
  return w.take();
}

result<state_payload> decode_state(std::string_view bytes) {
  byte_reader r(bytes);
  state_payload p;
  p.name = text(r.str8());
  if (r.u8() != 0)
    p.value = text(r.str32());
  return finish(r, std::move(p), "journal.state");
}

namespace {

constexpr std::uint8_t answer_follows = 1;

void put(byte_writer& w, const result<std::string>& v) {
  w.u8(v ? 1 : 0);
  if (v) {
    w.str32(*v);
  } else {
    w.u8(static_cast<std::uint8_t>(v.error().kind));
    w.u16(v.error().status);
    w.str8(v.error().where);
    w.str32(v.error().message);
  }
}

result<std::string> get_result(byte_reader& r) {
  if (r.u8() != 0)
    return text(r.str32());
  error e;
  e.kind = static_cast<error_kind>(r.u8());
  e.status = r.u16();
  e.where = text(r.str8());
  e.message = text(r.str32());
  return fail(std::move(e));
}

void put(byte_writer& w, const vendor_answer& a) {
  w.u16(a.status);
  w.u32(a.took_ms);
  w.u32(a.body_size);
  w.str8(a.request_id);
  w.str8(a.body_hash);
}

vendor_answer get_answer(byte_reader& r) {
  vendor_answer a;
  a.status = r.u16();
  a.took_ms = r.u32();
  a.body_size = r.u32();
  a.request_id = text(r.str8());
  a.body_hash = text(r.str8());
  return a;
}

std::optional<vendor_answer> get_answer_behind(byte_reader& r) {
  if (r.left() == 0)
    return std::nullopt;
  if (r.u8() != answer_follows)
    r.raw(r.left() + 1); // What stands there is not known.
  return get_answer(r);
}

std::size_t size_of(const result<std::string>& v) {
  return 16 + (v ? v->size() : v.error().message.size());
}

} // namespace

std::string encode(const result<std::string>& v) {
  byte_writer w(size_of(v));
  put(w, v);
  return w.take();
}

std::string encode(const result<std::string>& v, const vendor_answer& answer) {
  byte_writer w(size_of(v) + 64);
  put(w, v);
  w.u8(answer_follows);
  put(w, answer);
  return w.take();
}

result<result<std::string>> decode_result(std::string_view bytes) {
  byte_reader r(bytes);
  auto value = get_result(r);
  get_answer_behind(r);
  return finish(r, std::move(value), "journal.result");
}

result<std::optional<vendor_answer>> decode_answer(std::string_view bytes) {
  byte_reader r(bytes);
  (void)get_result(r);
  auto answer = get_answer_behind(r);
  return finish(r, std::move(answer), "journal.answer");
}

std::string encode(const answer_note& n) {
  byte_writer w(128 + n.excerpt.size());
  put(w, n.answer);
  w.u8(n.is_lookup ? 1 : 0);
  w.str8(n.kind);
  w.str8(n.rule);
  w.str16(n.excerpt);
  return w.take();
}

result<answer_note> decode_answer_note(std::string_view bytes) {
  byte_reader r(bytes);
  answer_note n;
  n.answer = get_answer(r);
  n.is_lookup = r.u8() != 0;
  n.kind = text(r.str8());
  n.rule = text(r.str8());
  n.excerpt = text(r.str16());
  return finish(r, std::move(n), "journal.answer_note");
}

std::string encode(const run_payload& p) {
  byte_writer w(16 + p.name.size() + p.encoded_result.size());
  w.str8(p.name);
  w.str32(p.encoded_result);
  return w.take();
}

result<run_payload> decode_run(std::string_view bytes) {
  byte_reader r(bytes);
  run_payload p;
  p.name = text(r.str8());
  p.encoded_result = text(r.str32());
  return finish(r, std::move(p), "journal.run");
}

std::string encode(const effect_payload& p) {
  byte_writer w(160 + p.path.size() + p.headers.size() + p.body.size());
  w.str8(p.name);
  w.str8(p.attempt);
  w.u32(p.completion);
  w.str8(p.operation);
  w.str8(p.vendor);
  w.str16(p.target);
  w.str8(p.key);
  w.u8(p.policy);
  w.i64(p.deadline_ms);
  w.str8(p.method);
  w.str16(p.path);
  w.str16(p.headers);
  w.str32(p.body);
  w.i64(p.absence_after_ms);
  w.i64(p.key_life_ms);
  w.i64(p.event_wait_ms);
  w.u8(p.after_event);
  return w.take();
}

result<effect_payload> decode_effect(std::string_view bytes) {
  byte_reader r(bytes);
  effect_payload p;
  p.name = text(r.str8());
  p.attempt = text(r.str8());
  p.completion = r.u32();
  p.operation = text(r.str8());
  p.vendor = text(r.str8());
  p.target = text(r.str16());
  p.key = text(r.str8());
  p.policy = r.u8();
  p.deadline_ms = r.i64();
  p.method = text(r.str8());
  p.path = text(r.str16());
  p.headers = text(r.str16());
  p.body = text(r.str32());
  p.absence_after_ms = r.i64();
  p.key_life_ms = r.i64();
  p.event_wait_ms = r.i64();
  p.after_event = r.u8();
  return finish(r, std::move(p), "journal.effect");
}

std::string_view name_of(note_kind kind) {
  switch (kind) {
  case note_kind::retry_at:
    return "retry_at";
  case note_kind::doubt:
    return "doubt";
  case note_kind::lookup_found:
    return "lookup_found";
  case note_kind::lookup_absent:
    return "lookup_absent";
  case note_kind::new_key:
    return "new_key";
  case note_kind::resend:
    return "resend";
  case note_kind::waiting:
    return "waiting";
  case note_kind::answered:
    return "answered";
  case note_kind::lookup_at:
    return "lookup_at";
  case note_kind::needs_person:
    return "needs_person";
  case note_kind::evidence:
    return "evidence";
  case note_kind::event_wait:
    return "event_wait";
  case note_kind::done_before:
    return "done_before";
  case note_kind::not_done_before:
    return "not_done_before";
  case note_kind::believed:
    return "believed";
  }
  return "unknown";
}

std::string encode(const note_payload& p) {
  byte_writer w(64 + p.text.size());
  w.u8(static_cast<std::uint8_t>(p.kind));
  w.u32(p.attempt);
  w.i64(p.at);
  w.str32(p.text);
  w.u32(p.sends);
  w.i64(p.left_at);
  w.u32(p.rounds);
  w.u32(p.tries);
  w.u16(p.status);
  w.i64(p.status_since);
  w.u8(p.lookup_only ? 1 : 0);
  return w.take();
}

result<note_payload> decode_note(std::string_view bytes) {
  byte_reader r(bytes);
  note_payload p;
  p.kind = static_cast<note_kind>(r.u8());
  p.attempt = r.u32();
  p.at = r.i64();
  p.text = text(r.str32());
  p.sends = r.u32();
  p.left_at = r.i64();
  p.rounds = r.u32();
  p.tries = r.u32();
  p.status = r.u16();
  p.status_since = r.i64();
  p.lookup_only = (r.u8() & 1U) != 0;
  return finish(r, std::move(p), "journal.note");
}

std::string encode(const wait_payload& p) {
  byte_writer w(16);
  w.u32(p.completion);
  w.i64(p.due_at);
  return w.take();
}

result<wait_payload> decode_wait(std::string_view bytes) {
  byte_reader r(bytes);
  wait_payload p;
  p.completion = r.u32();
  p.due_at = r.i64();
  return finish(r, p, "journal.wait");
}

std::string encode(const output_payload& p) {
  byte_writer w(96 + p.encoded_result.size());
  w.str32(p.encoded_result);
  w.u8(p.caller ? 1 : 0);
  if (p.caller)
    put(w, *p.caller);
  return w.take();
}

result<output_payload> decode_output(std::string_view bytes) {
  byte_reader r(bytes);
  output_payload p;
  p.encoded_result = text(r.str32());
  if (r.u8() != 0)
    p.caller = get_caller(r);
  return finish(r, std::move(p), "journal.output");
}

std::string encode(const cancel_payload& p) {
  byte_writer w(96);
  put(w, p.target);
  w.array(p.invocation.bytes);
  return w.take();
}

result<cancel_payload> decode_cancel(std::string_view bytes) {
  byte_reader r(bytes);
  cancel_payload p;
  p.target = get_object(r);
  p.invocation = get_invocation(r);
  return finish(r, std::move(p), "journal.cancel");
}

std::string encode(const event_payload& p) {
  byte_writer w(64);
  w.str8(p.name);
  w.u32(static_cast<std::uint32_t>(p.values.size()));
  for (const auto& value : p.values)
    w.str32(encode(value));
  return w.take();
}

result<event_payload> decode_event(std::string_view bytes) {
  byte_reader r(bytes);
  event_payload p;
  p.name = text(r.str8());
  for (auto count = r.u32(); count > 0 && r.ok(); --count) {
    auto value = decode_state(r.str32());
    if (!value)
      return value.failure();
    p.values.push_back(std::move(*value));
  }
  return finish(r, std::move(p), "journal.event");
}

std::string_view name_of(operator_verb verb) {
  switch (verb) {
  case operator_verb::retry:
    return "retry";
  case operator_verb::pause:
    return "pause";
  case operator_verb::resume:
    return "resume";
  case operator_verb::happened:
    return "happened";
  case operator_verb::not_happened:
    return "not_happened";
  case operator_verb::cancel:
    return "cancel";
  case operator_verb::ack:
    return "ack";
  case operator_verb::note:
    return "note";
  case operator_verb::happened_unverified:
    return "happened_unverified";
  case operator_verb::not_happened_unverified:
    return "not_happened_unverified";
  case operator_verb::erase:
    return "erase";
  case operator_verb::purge:
    return "purge";
  }
  return "unknown";
}

namespace {

constexpr std::uint8_t circumstances_follow = 1, value_follows_too = 2;

bool has_circumstances(const operator_payload& p) {
  return !(p.role.empty() && p.id.empty() && p.request.empty() && p.on_behalf.empty() &&
           p.wanted.empty() && p.target.empty() && p.outcome.empty() && p.value.empty());
}

} // namespace

std::string encode(const operator_payload& p) {
  byte_writer w(64 + p.reason.size());
  w.u8(static_cast<std::uint8_t>(p.verb));
  w.str8(p.step);
  w.str8(p.who);
  w.str8(p.via);
  w.str16(p.reason);
  w.str16(p.evidence);
  if (!has_circumstances(p))
    return w.take();
  w.u8(p.value.empty() ? circumstances_follow : value_follows_too);
  w.str8(p.role);
  w.str8(p.id);
  w.str8(p.request);
  w.str8(p.on_behalf);
  w.str8(p.wanted);
  w.str8(p.target);
  w.str8(p.outcome);
  if (!p.value.empty())
    w.str16(p.value);
  return w.take();
}

result<operator_payload> decode_operator(std::string_view bytes) {
  byte_reader r(bytes);
  operator_payload p;
  p.verb = static_cast<operator_verb>(r.u8());
  p.step = text(r.str8());
  p.who = text(r.str8());
  p.via = text(r.str8());
  p.reason = text(r.str16());
  p.evidence = text(r.str16());
  if (r.ok() && r.left() > 0) {
    const auto form = r.u8();
    if (form != circumstances_follow && form != value_follows_too)
      return fail(
          {error_kind::corrupt, "journal.operator", "its end is not known to this program"});
    p.role = text(r.str8());
    p.id = text(r.str8());
    p.request = text(r.str8());
    p.on_behalf = text(r.str8());
    p.wanted = text(r.str8());
    p.target = text(r.str8());
    p.outcome = text(r.str8());
    if (form == value_follows_too)
      p.value = text(r.str16());
  }
  return finish(r, std::move(p), "journal.operator");
}

} // namespace orderhub::journal
