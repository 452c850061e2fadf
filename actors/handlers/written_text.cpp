#include "actors/handlers/written_text.hpp"

#include "actors/handlers/code_points.hpp"

#include <cstdint>
#include <utility>

#include <unicode/uchar.h>

namespace orderhub::handlers {

namespace {

constexpr UChar32 zero_width_non_joiner = 0x200c; // Persian is not readable without it,
constexpr UChar32 zero_width_joiner = 0x200d;     // nor are Indic scripts without this one.

bool is_line_break(UChar32 c) {
  return (c >= 0x0a && c <= 0x0d) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_dropped(UChar32 c) {
  return u_charType(c) == U_FORMAT_CHAR && c != zero_width_non_joiner && c != zero_width_joiner &&
         u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
}

/// Calls `each` for every code point with the bytes it has in `text`.
template <class Each>
void for_each_code_point(std::string_view text, Each each) {
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    const auto c = static_cast<UChar32>(next_code_point(text, at));
    each(c, text.substr(begin, at - begin));
  }
}

} // namespace

written_text read_written(std::string_view text) {
  written_text read;
  std::string line;
  bool is_blank = true;
  const auto end_line = [&] {
    line.erase(line.find_last_not_of(' ') + 1);
    if (!is_blank)
      read.lines.push_back(std::move(line));
    line.clear();
    is_blank = true;
  };
  for_each_code_point(text, [&](UChar32 c, std::string_view bytes) {
    if (is_line_break(c)) {
      end_line();
    } else if (u_isUWhiteSpace(c) != 0) {
      if (!line.empty())
        line += ' ';
    } else if (u_charType(c) == U_CONTROL_CHAR) {
      if (!read.control)
        read.control = static_cast<char32_t>(c);
    } else if (!is_dropped(c)) {
      line += bytes;
      is_blank = is_blank && (c == zero_width_joiner || c == zero_width_non_joiner);
    }
  });
  end_line();
  return read;
}

bool has_invisible(std::string_view text) {
  bool found = false;
  for_each_code_point(text, [&](UChar32 c, std::string_view) {
    const auto type = u_charType(c);
    found = found || u_isUWhiteSpace(c) != 0 || type == U_CONTROL_CHAR || type == U_FORMAT_CHAR ||
            type == U_UNASSIGNED || type == U_PRIVATE_USE_CHAR || type == U_SURROGATE ||
            u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
  });
  return found;
}

} // namespace orderhub::handlers
