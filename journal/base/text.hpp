#pragma once
#include <cstddef>
#include <string>

namespace orderhub {

/// Cuts `text` to at most `size_max` bytes, never within a UTF-8 character. Text that is not UTF-8
/// is cut at a byte that begins no continuation.
void cut_text(std::string& text, std::size_t size_max);

} // namespace orderhub
