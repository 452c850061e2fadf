#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace orderhub {

/// CRC-32 as zlib and gzip have it.
std::uint32_t crc32_of(std::string_view bytes);

/// SHA-256 (OpenSSL) of the bytes, or of all parts together.
using digest = std::array<std::uint8_t, 32>;
digest sha256_of(std::string_view bytes);
digest sha256_of(std::initializer_list<std::string_view> parts);

enum class hash_algorithm : std::uint8_t { sha1, sha256, sha512 };

/// The raw bytes of the HMAC (RFC 2104, OpenSSL) of all parts together: 20, 32 or 64. The last few
/// keys are remembered by each thread, ready for use.
std::string hmac_of(hash_algorithm algorithm, std::string_view key,
                    std::initializer_list<std::string_view> parts);

} // namespace orderhub
