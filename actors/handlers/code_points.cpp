#include "actors/handlers/code_points.hpp"

#include <cstdint>

#include <unicode/utf8.h>

namespace orderhub::handlers {

char32_t next_code_point(std::string_view text, std::size_t& at) {
  // A code point has four bytes at most, and the library counts in 32 bits.
  const auto rest = text.substr(at, 4);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(rest.data());
  const auto size = static_cast<std::int32_t>(rest.size());
  std::int32_t taken = 0;
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(bytes, taken, size, c); // NOLINT(bugprone-inc-dec-in-conditions): ICU's macro.
  at += static_cast<std::size_t>(taken);
  return static_cast<char32_t>(c);
}

} // namespace orderhub::handlers
