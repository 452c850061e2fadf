#pragma once
#include <cstddef>
#include <string_view>

namespace orderhub {

/// How many letters of one differ from the other, are missing or too many: for "did you mean".
std::size_t letters_apart(std::string_view a, std::string_view b);

} // namespace orderhub
