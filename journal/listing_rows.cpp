#include "journal/listing_rows.hpp"

#include "journal/base/bytes.hpp"
#include "journal/key.hpp"
#include "journal/record_bytes.hpp"

#include <algorithm>

namespace orderhub::journal {

using record_bytes::behind_version;
using record_bytes::corrupt;
using record_bytes::get_object;
using record_bytes::put;
using record_bytes::with_checksum;

namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::size_t digest_size = 16;
constexpr std::size_t digest_begin = 8;      ///< Of a digest, in the index of invocations,
constexpr std::size_t invocation_begin = 10; ///< and of an invocation's id.
constexpr std::size_t text_begin = 8;        ///< Of an HMAC,
constexpr std::size_t owner_begin = 6;       ///< and of the digest behind it.
constexpr std::size_t created_size = 6;

std::uint64_t positive(unix_ms time) {
  return static_cast<std::uint64_t>(std::max<unix_ms>(time, 0));
}

} // namespace

listing_place place_of(const marked_object& object) {
  return {object.since, object_digest(object_key(object.object))};
}

listing_place place_of(const listed_object& object) {
  return {object.what.created, object_digest(object_key(object.object))};
}

std::string listing_key(const listing_place& place) {
  byte_writer w(8 + digest_size);
  w.u64(positive(place.at));
  w.raw(place.digest);
  return w.take();
}

std::optional<listing_place> parse_listing_key(std::string_view key) {
  byte_reader r(key);
  listing_place place;
  place.at = r.i64();
  place.digest = std::string(r.raw(digest_size));
  return r.done() ? std::optional(std::move(place)) : std::nullopt;
}

std::string encode(const listing_row& row) {
  byte_writer w(16 + row.object.service.size() + row.object.key.size() + row.row.size());
  w.u8(row_version);
  put(w, row.object);
  w.str16(row.row);
  return with_checksum(std::move(w));
}

result<listing_row> decode_listing_row(std::string_view bytes) {
  constexpr auto where = "journal.listing_row";
  auto body = behind_version(bytes, row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  listing_row row;
  row.object = get_object(r);
  row.row = std::string(r.str16());
  return record_bytes::finish(r, std::move(row), where);
}

std::string mark_key_from(std::string_view name) {
  byte_writer w(2 + name.size());
  w.u8(static_cast<std::uint8_t>(index_prefix::mark));
  w.str8(name);
  return w.take();
}

std::string mark_key(std::string_view name, unix_ms since, std::string_view digest) {
  byte_writer w(2 + name.size() + 8 + digest_size);
  w.u8(static_cast<std::uint8_t>(index_prefix::mark));
  w.str8(name);
  w.u64(positive(since));
  w.raw(digest);
  return w.take();
}

std::optional<mark_place> parse_mark_key(std::string_view key) {
  byte_reader r(key);
  if (r.u8() != static_cast<std::uint8_t>(index_prefix::mark))
    return std::nullopt;
  mark_place place;
  place.name = std::string(r.str8());
  place.since = r.i64();
  place.digest = std::string(r.raw(digest_size));
  return r.done() ? std::optional(std::move(place)) : std::nullopt;
}

std::string object_invocation_key_from(std::string_view digest) {
  return std::string(1, index_prefix::invocation).append(digest.substr(0, digest_begin));
}

std::string object_invocation_key(std::string_view digest, const invocation_id& id) {
  return object_invocation_key_from(digest).append(invocation_key(id), 0, invocation_begin);
}

std::optional<std::string> invocation_begin_in(std::string_view key) {
  constexpr auto before = 1 + digest_begin;
  if (key.size() != before + invocation_begin || key.front() != index_prefix::invocation)
    return std::nullopt;
  return std::string(key.substr(before));
}

std::string whole_key(std::string_view digest) {
  return std::string(1, index_prefix::whole).append(digest);
}

std::string encode(const parts_marked& marks) {
  byte_writer w(64);
  w.u8(row_version);
  w.u16(static_cast<std::uint16_t>(marks.size()));
  for (const auto& [name, parts] : marks) {
    w.str8(name);
    w.u16(static_cast<std::uint16_t>(parts));
  }
  return with_checksum(std::move(w));
}

result<parts_marked> decode_parts_marked(std::string_view bytes) {
  constexpr auto where = "journal.parts_marked";
  auto body = behind_version(bytes, row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  parts_marked marks;
  for (auto left = r.u16(); left > 0 && r.ok(); --left) {
    std::string name(r.str8());
    marks.emplace(std::move(name), r.u16());
  }
  return record_bytes::finish(r, std::move(marks), where);
}

std::string found_by_key_from(const listing_secret& secret, std::string_view text) {
  const std::string_view key(reinterpret_cast<const char*>(secret.data()), secret.size());
  return hmac_of(hash_algorithm::sha256, key, {text}).substr(0, text_begin);
}

std::string found_by_key(const listing_secret& secret, std::string_view text,
                         std::string_view digest) {
  return found_by_key_from(secret, text).append(digest.substr(0, owner_begin));
}

std::string encode(const found_object& found) {
  if (found.object)
    return encode_object_ref(*found.object);
  byte_writer w(8);
  w.u64(positive(found.created));
  return std::string(w.view().substr(8 - created_size));
}

result<found_object> decode_found_object(std::string_view bytes) {
  found_object found;
  if (bytes.size() == created_size) {
    byte_reader r(bytes);
    found.created = static_cast<unix_ms>(std::uint64_t{r.u16()} << 32U | r.u32());
    return found;
  }
  auto object = decode_object_ref(bytes);
  if (!object)
    return object.failure();
  found.object = std::move(*object);
  return found;
}

std::string encode(const listing_state& state) {
  byte_writer w(128);
  w.u8(row_version);
  w.u32(state.form);
  w.u8(static_cast<std::uint8_t>(state.step));
  w.str16(state.position);
  w.u64(state.seen);
  w.array(state.secret);
  w.u32(static_cast<std::uint32_t>(state.counts.size()));
  for (const auto& [name, count] : state.counts) {
    w.str8(name);
    w.i64(count);
  }
  return with_checksum(std::move(w));
}

result<listing_state> decode_listing_state(std::string_view bytes) {
  constexpr auto where = "journal.listing";
  auto body = behind_version(bytes, row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  listing_state state;
  state.form = r.u32();
  const auto step = r.u8();
  if (step < static_cast<std::uint8_t>(listing_step::drop) ||
      step > static_cast<std::uint8_t>(listing_step::done))
    return corrupt(where, "its step is not known to this program");
  state.step = static_cast<listing_step>(step);
  state.position = std::string(r.str16());
  state.seen = r.u64();
  state.secret = r.array<32>();
  for (auto left = r.u32(); left > 0 && r.ok(); --left) {
    std::string name(r.str8());
    state.counts.emplace(std::move(name), r.i64());
  }
  return record_bytes::finish(r, std::move(state), where);
}

} // namespace orderhub::journal
