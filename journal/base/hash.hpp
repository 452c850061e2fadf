#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace orderhub {

/// CRC-32 as zlib and gzip have it.
std::uint32_t crc32_of(std::string_view bytes);

/// SHA-256 (OpenSSL) of the bytes, or of all parts together.
using digest = std::array<std::uint8_t, 32>;
digest sha256_of(std::string_view bytes);
digest sha256_of(std::initializer_list<std::string_view> parts);

} // namespace orderhub
