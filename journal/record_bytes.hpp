#pragma once
#include "journal/base/bytes.hpp"
#include "journal/base/error.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// Parts that records, their payloads and the rows of the tables have in common, as bytes. For the
/// .cpp files of this room.
namespace orderhub::journal::record_bytes {

inline tl::unexpected<error> corrupt(const char* where, std::string message) {
  return fail({error_kind::corrupt, where, std::move(message)});
}

/// The bytes, and their CRC-32 behind them.
inline std::string with_checksum(byte_writer w) {
  w.u32(crc32_of(w.view()));
  return w.take();
}

/// What stands before the checksum, where that is right.
inline result<std::string_view> without_checksum(std::string_view bytes, const char* where) {
  if (bytes.size() < 4)
    return corrupt(where, "shorter than its checksum");
  const auto body = bytes.substr(0, bytes.size() - 4);
  if (byte_reader(bytes.substr(body.size())).u32() != crc32_of(body))
    return corrupt(where, "checksum differs");
  return body;
}

/// The body of a small row, whose first byte is its version, where checksum and version are right.
inline result<std::string_view> behind_version(std::string_view bytes, std::uint8_t version,
                                               const char* where) {
  auto body = without_checksum(bytes, where);
  if (!body)
    return body;
  if (body->empty() || static_cast<std::uint8_t>(body->front()) != version)
    return corrupt(where, "the row's version is not known to this program");
  return body->substr(1);
}

/// The value read, if the reader consumed exactly its input.
template <class T>
result<T> finish(const byte_reader& r, T value, const char* where) {
  if (!r.done())
    return corrupt(where, "the payload is cut short or too long");
  return value;
}

inline std::string text(std::string_view v) {
  return std::string(v);
}

inline void put(byte_writer& w, const object_id& id) {
  w.str8(id.service);
  w.str8(id.key);
}

inline object_id get_object(byte_reader& r) {
  object_id id;
  id.service = text(r.str8());
  id.key = text(r.str8());
  return id;
}

inline invocation_id get_invocation(byte_reader& r) {
  return {r.array<22>()};
}

} // namespace orderhub::journal::record_bytes
