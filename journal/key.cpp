#include "journal/key.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/record_bytes.hpp"

#include <algorithm>

namespace orderhub::journal {

using record_bytes::behind_version;
using record_bytes::corrupt;
using record_bytes::get_object;
using record_bytes::put;
using record_bytes::with_checksum;
using record_bytes::without_checksum;

namespace {

constexpr std::uint8_t small_row_version = 1;
constexpr std::size_t object_digest_size = 16;

} // namespace

std::string log_key(log_sequence lsn) {
  byte_writer w(8);
  w.u64(lsn);
  return w.take();
}

std::optional<log_sequence> parse_log_key(std::string_view key) {
  byte_reader r(key);
  const auto lsn = r.u64();
  return r.done() ? std::optional(lsn) : std::nullopt;
}

std::string object_key(const object_id& id) {
  std::string key;
  key.reserve(id.service.size() + 1 + id.key.size());
  key.append(id.service).append(1, '\0').append(id.key);
  return key;
}

std::optional<object_id> parse_object_key(std::string_view key) {
  const auto zero = key.find('\0');
  if (zero == std::string_view::npos)
    return std::nullopt;
  object_id id{std::string(key.substr(0, zero)), std::string(key.substr(zero + 1))};
  return storable(id) ? std::optional(std::move(id)) : std::nullopt;
}

bool storable(const object_id& id) {
  return !id.service.empty() && id.service.size() <= 255 && !id.key.empty() &&
         id.key.size() <= 255 && id.service.find('\0') == std::string::npos;
}

std::string invocation_key(const invocation_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

std::optional<invocation_id> parse_invocation_key(std::string_view key) {
  byte_reader r(key);
  invocation_id id{r.array<22>()};
  return r.done() ? std::optional(id) : std::nullopt;
}

unix_ms time_of(const invocation_id& id) {
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < 6; ++i)
    time = time << 8U | id.bytes[i];
  return static_cast<unix_ms>(time);
}

invocation_id first_of(unix_ms time) {
  invocation_id id;
  const auto clamped = static_cast<std::uint64_t>(std::clamp<unix_ms>(time, 0, (1LL << 48U) - 1));
  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(clamped >> (8U * (5 - i)));
  return id;
}

std::string object_digest(std::string_view object_key) {
  const auto whole = sha256_of(object_key);
  return {reinterpret_cast<const char*>(whole.data()), object_digest_size};
}

std::string timer_key_from(unix_ms due_at) {
  byte_writer w(8 + object_digest_size);
  w.u64(static_cast<std::uint64_t>(std::max<unix_ms>(due_at, 0)));
  return w.take();
}

std::string timer_key(unix_ms due_at, const object_id& id) {
  return timer_key_from(due_at).append(object_digest(object_key(id)));
}

std::optional<unix_ms> parse_timer_key(std::string_view key) {
  if (key.size() != 8 + object_digest_size)
    return std::nullopt;
  return static_cast<unix_ms>(byte_reader(key).u64());
}

std::string active_key(const object_id& id) {
  return std::string(1, index_prefix::active).append(object_digest(object_key(id)));
}

std::string expiry_key(unix_ms expires_at, const digest& scope) {
  byte_writer w(41);
  w.u8(static_cast<std::uint8_t>(index_prefix::expiry));
  w.u64(static_cast<std::uint64_t>(std::max<unix_ms>(expires_at, 0)));
  w.array(scope);
  return w.take();
}

std::string action_key(unix_ms time, log_sequence lsn) {
  byte_writer w(17);
  w.u8(static_cast<std::uint8_t>(index_prefix::action));
  w.u64(~static_cast<std::uint64_t>(std::max<unix_ms>(time, 0)));
  w.u64(~lsn);
  return w.take();
}

std::optional<action_place> parse_action_key(std::string_view key) {
  byte_reader r(key);
  if (r.u8() != static_cast<std::uint8_t>(index_prefix::action))
    return std::nullopt;
  action_place place;
  place.time = static_cast<unix_ms>(~r.u64());
  place.lsn = ~r.u64();
  return r.done() ? std::optional(place) : std::nullopt;
}

std::optional<expiry> parse_expiry_key(std::string_view key) {
  byte_reader r(key);
  if (r.u8() != static_cast<std::uint8_t>(index_prefix::expiry))
    return std::nullopt;
  expiry e;
  e.expires_at = r.i64();
  e.scope = r.array<32>();
  return r.done() ? std::optional(e) : std::nullopt;
}

std::string request_row_key(const digest& scope) {
  return {reinterpret_cast<const char*>(scope.data()), scope.size()};
}

std::string encode_object_ref(const object_id& id) {
  byte_writer w(8 + id.service.size() + id.key.size());
  w.u8(small_row_version);
  put(w, id);
  return with_checksum(std::move(w));
}

result<object_id> decode_object_ref(std::string_view bytes) {
  constexpr auto where = "journal.object_ref";
  auto body = behind_version(bytes, small_row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  auto id = get_object(r);
  if (!r.done() || !storable(id))
    return corrupt(where, "the row is cut short or too long");
  return id;
}

std::string encode(const timer_row& row) {
  byte_writer w(32 + row.object.service.size() + row.object.key.size());
  w.u8(small_row_version);
  w.i64(row.due_at);
  w.i64(row.recorded_at);
  put(w, row.object);
  return with_checksum(std::move(w));
}

result<timer_row> decode_timer_row(std::string_view key, std::string_view bytes) {
  constexpr auto where = "journal.timer_row";
  auto body = behind_version(bytes, small_row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  timer_row row;
  row.due_at = r.i64();
  row.recorded_at = r.i64();
  row.object = get_object(r);
  if (!r.done() || !storable(row.object))
    return corrupt(where, "the row is cut short or too long");
  if (parse_timer_key(key) != row.due_at)
    return corrupt(where, "the row is not that of its key");
  return row;
}

std::string aside_mark_key(std::string_view digest) {
  return std::string(1, aside_prefix::object).append(digest);
}

std::string aside_row_key(std::string_view digest) {
  return std::string(1, aside_prefix::row).append(digest);
}

std::string aside_record_key(std::string_view digest, log_sequence lsn) {
  return std::string(1, aside_prefix::record).append(digest).append(log_key(lsn));
}

std::string aside_other_key(std::string_view table_name, std::string_view key) {
  return std::string(1, aside_prefix::other).append(table_name).append(key);
}

std::optional<aside_key> parse_aside_key(std::string_view key) {
  constexpr std::size_t letters = 2;
  if (key.empty())
    return std::nullopt;
  aside_key parts;
  parts.prefix = key.front();
  byte_reader r(key.substr(1));
  switch (parts.prefix) {
  case aside_prefix::object:
  case aside_prefix::row:
    parts.digest = r.raw(object_digest_size);
    break;
  case aside_prefix::record:
    parts.digest = r.raw(object_digest_size);
    parts.lsn = r.u64();
    break;
  case aside_prefix::other:
    parts.table = r.raw(letters);
    parts.key = r.raw(r.left());
    break;
  default:
    return std::nullopt;
  }
  return r.done() ? std::optional(parts) : std::nullopt;
}

std::string encode(const aside_mark& mark) {
  byte_writer w(64 + mark.object.service.size() + mark.object.key.size() + mark.reason.size());
  w.u8(small_row_version);
  put(w, mark.object);
  w.str16(mark.reason);
  return with_checksum(std::move(w));
}

result<aside_mark> decode_aside_mark(std::string_view bytes) {
  constexpr auto where = "journal.aside_mark";
  auto body = behind_version(bytes, small_row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  aside_mark mark;
  mark.object = get_object(r);
  mark.reason = std::string(r.str16());
  if (!r.done() || !storable(mark.object))
    return corrupt(where, "the row is cut short or too long");
  return mark;
}

std::string encode(const request_row& row) {
  byte_writer w(67);
  w.u8(small_row_version);
  w.array(row.invocation.bytes);
  w.array(row.body);
  w.i64(row.expires_at);
  return with_checksum(std::move(w));
}

result<request_row> decode_request_row(std::string_view bytes) {
  constexpr auto where = "journal.request_row";
  auto body = behind_version(bytes, small_row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  request_row row;
  row.invocation.bytes = r.array<22>();
  row.body = r.array<32>();
  row.expires_at = r.i64();
  if (!r.done())
    return corrupt(where, "the row is cut short or too long");
  return row;
}

std::string encode_format(std::uint32_t version) {
  byte_writer w(8);
  w.u32(version);
  return with_checksum(std::move(w));
}

result<std::uint32_t> decode_format(std::string_view bytes) {
  constexpr auto where = "journal.format";
  auto body = without_checksum(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  const auto version = r.u32();
  if (!r.done() || version == 0)
    return corrupt(where, "the format row is damaged");
  if (version > format_version)
    return corrupt(where, "the journal has format " + std::to_string(version) +
                              ", this program reads up to " + std::to_string(format_version) +
                              "; run the newer program, nothing was changed");
  return version;
}

namespace {

std::string encode_id(const std::array<std::uint8_t, 16>& id) {
  byte_writer w(20);
  w.array(id);
  return with_checksum(std::move(w));
}

result<std::array<std::uint8_t, 16>> decode_id(std::string_view bytes, const char* where,
                                               const char* damage) {
  auto body = without_checksum(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  const auto id = r.array<16>();
  if (!r.done())
    return corrupt(where, damage);
  return id;
}

} // namespace

std::string encode_hub(const hub_id& id) {
  return encode_id(id);
}

result<hub_id> decode_hub(std::string_view bytes) {
  return decode_id(bytes, "journal.hub", "the hub id has not 16 bytes");
}

std::string encode_log_id(const log_id& id) {
  return encode_id(id);
}

result<log_id> decode_log_id(std::string_view bytes) {
  return decode_id(bytes, "journal.log", "the log id has not 16 bytes");
}

std::string encode_boot(std::string_view boot_id) {
  byte_writer w(48);
  w.str8(boot_id);
  return with_checksum(std::move(w));
}

result<std::string> decode_boot(std::string_view bytes) {
  auto body = without_checksum(bytes, "journal.boot");
  if (!body)
    return body.failure();
  byte_reader r(*body);
  std::string id(r.str8());
  if (!r.done())
    return corrupt("journal.boot", "the row is cut short or too long");
  return id;
}

std::string encode(const checkpoint_mark& mark) {
  byte_writer w(28);
  w.u64(mark.lsn);
  w.i64(mark.last_time);
  w.i64(mark.boottime_ms);
  return with_checksum(std::move(w));
}

result<checkpoint_mark> decode_checkpoint(std::string_view bytes) {
  auto body = without_checksum(bytes, "journal.checkpoint");
  if (!body)
    return body.failure();
  byte_reader r(*body);
  checkpoint_mark mark;
  mark.lsn = r.u64();
  mark.last_time = r.i64();
  mark.boottime_ms = r.i64();
  if (!r.done())
    return corrupt("journal.checkpoint", "the row is cut short or too long");
  return mark;
}

} // namespace orderhub::journal
