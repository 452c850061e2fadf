#include "journal/object_row.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/record_bytes.hpp"
#include "journal/row_packing.hpp"

#include <utility>

namespace orderhub::journal {

using record_bytes::corrupt;
using record_bytes::get_object;
using record_bytes::put;

namespace {

constexpr std::uint8_t row_version = 1;
/// Of a row whose journal is compressed.
constexpr std::uint8_t packed_version = 2;
constexpr std::size_t crc_size = 4;
/// What is smaller is not worth the time; nothing larger is unpacked. Bytes.
constexpr std::size_t pack_size_min = 128;
constexpr std::size_t pack_size_max = std::size_t{256} * 1'024 * 1'024;

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

/// Version and body of a row whose checksum is right.
result<std::string_view> checked_row(std::string_view bytes, const char* where) {
  if (bytes.size() < 5)
    return corrupt(where, "shorter than its checksum");
  const auto body = bytes.substr(0, bytes.size() - 4);
  if (byte_reader(bytes.substr(body.size())).u32() != crc32_of(body))
    return corrupt(where, "checksum differs");
  return body;
}

tl::unexpected<error> unknown_version(std::string_view body, const char* where) {
  return corrupt(where, "version " + std::to_string(static_cast<std::uint8_t>(body[0])) +
                            " is not known to this program");
}

/// The body of a row whose checksum and version are right.
result<std::string_view> open_row(std::string_view bytes, const char* where) {
  auto body = checked_row(bytes, where);
  if (!body)
    return body;
  if (static_cast<std::uint8_t>((*body)[0]) != row_version)
    return unknown_version(*body, where);
  return body->substr(1);
}

std::string close_row(byte_writer& w) {
  w.u32(crc32_of(w.view()));
  return w.take();
}

} // namespace

std::string encode(const object_state& state) {
  byte_writer w(256);
  w.u8(row_version);
  w.u64(state.folded_to);
  w.i64(state.last_time);
  put(w, state.id);
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
                                 (state.paused_by_operator ? 2U : 0U) | (state.purged ? 4U : 0U)));
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
  s.id = get_object(r);
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
  s.purged = (flags & 4U) != 0;
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

std::string encode_plain(const invocation_row& row) {
  byte_writer w(256);
  w.u8(row_version);
  put(w, row.object);
  put(w, row.invocation);
  return close_row(w);
}

std::string packed(std::string plain_row) {
  if (plain_row.size() < pack_size_min || plain_row.size() > pack_size_max)
    return plain_row;
  byte_reader r(std::string_view(plain_row).substr(1, plain_row.size() - 1 - crc_size));
  const auto service = r.str8();
  const auto key = r.str8();
  const auto journal = r.raw(r.left());
  const auto frame = compressed(dictionary::invocations_1, journal);
  byte_writer w(frame.size() + 64);
  w.u8(packed_version);
  w.str8(service);
  w.str8(key);
  w.u8(static_cast<std::uint8_t>(dictionary::invocations_1));
  w.u32(static_cast<std::uint32_t>(journal.size()));
  w.raw(frame);
  auto row = close_row(w);
  return row.size() < plain_row.size() ? row : plain_row;
}

std::string encode(const invocation_row& row) {
  return packed(encode_plain(row));
}

namespace {

/// The journal in a row of either version behind its owner; `room` has it where it was compressed.
result<std::string_view> journal_in(byte_reader& r, std::uint8_t version, std::string& room,
                                    const char* where) {
  if (version == row_version)
    return r.raw(r.left());
  const auto number = r.u8();
  const auto size = r.u32();
  if (!r.ok() || size > pack_size_max)
    return corrupt(where, "the row is cut short, or its size cannot be right");
  auto plain = decompressed(number, r.raw(r.left()), size);
  if (!plain)
    return plain.failure();
  room = std::move(*plain);
  return room;
}

} // namespace

result<invocation_row> decode_invocation_row(std::string_view bytes) {
  constexpr auto where = "journal.invocation_row";
  auto body = checked_row(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  const auto version = r.u8();
  if (version != row_version && version != packed_version)
    return unknown_version(*body, where);
  invocation_row row;
  row.object = get_object(r);
  std::string room;
  auto journal = journal_in(r, version, room, where);
  if (!journal)
    return journal.failure();
  byte_reader rest(*journal);
  auto i = get_invocation(rest);
  if (!i)
    return i.failure();
  row.invocation = std::move(*i);
  if (!r.ok() || !rest.done())
    return corrupt(where, "the row is cut short or too long");
  return row;
}

} // namespace orderhub::journal
