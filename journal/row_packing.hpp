#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Rows that are kept for long are kept small: compressed with zstd (RFC 8878) against a dictionary
/// of what such rows have in common, each by itself, so that one is read without the others.
namespace orderhub::journal {

/// Which dictionary: stands in each row, since a row is read with the one that it was written with.
/// A new dictionary gets a new number, and an old one stays in the program for ever.
enum class dictionary : std::uint8_t { invocations_1 = 1 };

/// As one zstd frame, without its own size, checksum or number of dictionary. Thread-safe.
std::string compressed(dictionary with, std::string_view plain);
/// And back. Fails with `corrupt` where the dictionary is not known to this program, or `frame` is
/// not one of exactly `size` bytes. Allocates `size` bytes, which the caller bounds. Thread-safe.
result<std::string> decompressed(std::uint8_t dictionary_number, std::string_view frame,
                                 std::size_t size);

} // namespace orderhub::journal
