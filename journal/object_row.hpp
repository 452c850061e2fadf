#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <string>
#include <string_view>

/// Rows of objects and of invocations, as bytes. Integers are big-endian; FORMAT.md has the parts
/// that the rows share. Decoding fails with `corrupt` on a bad checksum, an unknown version, or a
/// size past the end.
namespace orderhub::journal {

/// The row of an object, and back. `finished` is not part of it.
///   u8 version | u64 folded_to | u64 last time | str8 service | str8 key | u32 count, values |
///   u32 count, live invocations | u32 count, undelivered | u32 count, cancels |
///   u8 flags (1: ephemeral, 2: paused by an operator) | [1: u64 last finished at] |
///   u32 count, operator entries | u32 crc
std::string encode(const object_state& state);
result<object_state> decode_object(std::string_view bytes);
/// Whether these are the bytes of an undamaged row, but of a version that only a newer program
/// reads: nothing to be set aside.
bool of_newer_version(std::string_view row);

/// The row of a finished (or, with empty journal, a live) invocation.
///   u8 version (1) | str8 service | str8 key | invocation | u32 crc
/// or, where that is smaller, with the invocation compressed (`row_packing.hpp`):
///   u8 version (2) | str8 service | str8 key | u8 dictionary | u32 size | zstd frame | u32 crc
struct invocation_row {
  object_id object;
  invocation_state invocation;
};
std::string encode(const invocation_row& row);
result<invocation_row> decode_invocation_row(std::string_view bytes);
/// `encode` in two steps: a row of version 1, and what is written of it.
std::string encode_plain(const invocation_row& row);
std::string packed(std::string plain_row);

} // namespace orderhub::journal
