#include "journal/record.hpp"

#include "journal/base/hash.hpp"
#include "journal/record_bytes.hpp"

#include <utility>

namespace orderhub::journal {

using namespace record_bytes;

namespace {

bool known(std::uint8_t kind) {
  return (kind >= 1 && kind <= 14) || (kind >= 32 && kind <= 34) || (kind >= 48 && kind <= 50);
}

} // namespace

std::string encode(const record& r) {
  byte_writer w(56 + r.object.service.size() + r.object.key.size() + r.payload.size());
  w.u8(record_version);
  w.u8(static_cast<std::uint8_t>(r.kind));
  w.i64(r.time);
  put(w, r.object);
  w.array(r.invocation.bytes);
  w.u32(r.index);
  w.str32(r.payload);
  w.u32(crc32_of(w.view()));
  return w.take();
}

result<record> decode_record(std::string_view bytes) {
  constexpr auto where = "journal.record";
  if (bytes.size() < 4)
    return corrupt(where, "shorter than its checksum");
  const auto body = bytes.substr(0, bytes.size() - 4);
  if (byte_reader(bytes.substr(body.size())).u32() != crc32_of(body))
    return corrupt(where, "checksum differs");
  byte_reader r(body);
  if (const auto version = r.u8(); version != record_version)
    return corrupt(where, "version " + std::to_string(version) + " is not known to this program");
  const auto kind = r.u8();
  if (!known(kind))
    return corrupt(where, "kind " + std::to_string(kind) + " is not known to this program");
  record out;
  out.kind = static_cast<record_kind>(kind);
  out.time = r.i64();
  out.object = get_object(r);
  out.invocation = get_invocation(r);
  out.index = r.u32();
  out.payload = text(r.str32());
  return finish(r, std::move(out), where);
}

std::optional<std::size_t> record_size(std::string_view bytes) {
  byte_reader r(bytes);
  r.raw(1 + 1 + 8); // Version, kind, time.
  r.str8();
  r.str8();
  r.raw(22 + 4); // Invocation, index.
  r.str32();
  r.raw(4); // Checksum.
  if (!r.ok())
    return std::nullopt;
  return bytes.size() - r.left();
}

} // namespace orderhub::journal
