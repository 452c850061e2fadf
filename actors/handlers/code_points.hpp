#pragma once
#include <cstddef>
#include <string_view>

namespace orderhub::handlers {

/// The code point that begins at byte `at` of UTF-8 text, and `at` behind it; U+FFFD for bytes that
/// are none. `at` must be below the text's size.
char32_t next_code_point(std::string_view text, std::size_t& at);

} // namespace orderhub::handlers
