#pragma once
#include "journal/base/bytes.hpp"
#include "journal/base/error.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <string>
#include <string_view>
#include <utility>

/// Parts that records, their payloads and the rows of the tables have in common, as bytes. For the
/// .cpp files of this room.
namespace orderhub::journal::record_bytes {

inline tl::unexpected<error> corrupt(const char* where, std::string message) {
  return fail({error_kind::corrupt, where, std::move(message)});
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
