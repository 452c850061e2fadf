#include "journal/record_refs.hpp"

#include "journal/base/bytes.hpp"
#include "journal/record_bytes.hpp"

namespace orderhub::journal {

using record_bytes::get_object;

namespace {

/// The fields of an input payload (FORMAT.md) that matter here.
void get_input(byte_reader& r, record_refs& refs) {
  r.str8(); // handler
  r.str8(); // revision
  const auto flags = r.u8();
  const auto due_at = r.i64();
  r.str32(); // body
  if ((flags & 2U) != 0) {
    request_key key;
    key.scope = r.array<32>();
    key.body = r.array<32>();
    key.expires_at = r.i64();
    refs.key = key;
  }
  if ((flags & 4U) != 0) {
    r.str8();
    r.str8();
    r.raw(22);
    r.u32();
  }
  if ((flags & 8U) != 0)
    for (auto count = r.u8(); count > 0 && r.ok(); --count)
      get_object(r);
  if (due_at > 0)
    refs.due_at = due_at;
}

void get_call(byte_reader& r, const object_id& own, record_refs& refs) {
  auto target = get_object(r);
  refs.starts = invocation_id{r.array<22>()};
  r.u32(); // completion
  get_input(r, refs);
  if (target != own) {
    refs.other = std::move(target);
    refs.starts_at_other = true;
  }
}

void get_output(byte_reader& r, const object_id& own, record_refs& refs) {
  r.str32(); // result
  if (r.u8() == 0)
    return;
  auto caller = get_object(r);
  r.raw(22);
  r.u32();
  if (caller != own)
    refs.other = std::move(caller);
}

void get_cancel(byte_reader& r, const object_id& own, record_refs& refs) {
  auto target = get_object(r);
  r.raw(22);
  if (target != own)
    refs.other = std::move(target);
}

tl::unexpected<error> cut_short(record_kind kind) {
  return fail({error_kind::corrupt, "journal.record",
               "the payload of kind " + std::to_string(static_cast<int>(kind)) +
                   " is cut short or too long"});
}

} // namespace

result<record_refs> refs_of(const record& rec) {
  record_refs refs;
  byte_reader r(rec.payload);
  switch (rec.kind) {
  case record_kind::input:
    get_input(r, refs);
    refs.starts = rec.invocation;
    break;
  case record_kind::call:
  case record_kind::send:
    get_call(r, rec.object, refs);
    break;
  case record_kind::output:
    get_output(r, rec.object, refs);
    break;
  case record_kind::cancel_invocation:
    get_cancel(r, rec.object, refs);
    break;
  case record_kind::set:
  case record_kind::clear:
  case record_kind::merge:
    r.str8();
    if (r.u8() != 0)
      r.str32();
    break;
  case record_kind::sleep:
    // The fold passes over a wait or note that it cannot read.
    if (auto wait = decode_wait(rec.payload); wait && wait->due_at > 0)
      refs.due_at = wait->due_at;
    return refs;
  case record_kind::effect_note:
    if (auto note = decode_note(rec.payload);
        note && is_position(note->kind) && note->kind != note_kind::resend && note->at > 0)
      refs.due_at = note->at;
    return refs;
  case record_kind::event:
    r.str8();
    for (auto count = r.u32(); count > 0 && r.ok(); --count) {
      byte_reader value(r.str32());
      value.str8();
      if (value.u8() != 0)
        value.str32();
      if (!value.done())
        return cut_short(rec.kind);
    }
    break;
  case record_kind::operator_action:
    if (!decode_operator(rec.payload))
      return cut_short(rec.kind);
    refs.due_at = rec.time; // What a pause held back may be due.
    refs.is_action = true;
    return refs;
  case record_kind::paused:
    if (rec.payload.empty())
      refs.due_at = rec.time; // Likewise.
    return refs;
  default:
    return refs;
  }
  if (!r.done())
    return cut_short(rec.kind);
  return refs;
}

} // namespace orderhub::journal
