#pragma once
#include <cstddef>
#include <string_view>

namespace orderhub::providers {

/// The first `size_max` bytes at most, ending between two UTF-8 characters.
constexpr std::string_view cut(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max)
    return text;
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xc0U) == 0x80U)
    --size_max;
  return text.substr(0, size_max);
}

} // namespace orderhub::providers
