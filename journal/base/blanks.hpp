#pragma once
#include <string_view>

namespace orderhub {

/// Without spaces and tabs around it, as lists in headers and settings may have them.
constexpr std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

} // namespace orderhub
