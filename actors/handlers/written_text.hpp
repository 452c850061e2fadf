#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// A text that a person wrote, as it can stand on a label.
struct written_text {
  /// Its lines without white space around them, none of them blank. Tabs and other white space are
  /// spaces, and invisible format characters (zero-width spaces, byte order marks, marks of
  /// direction) are gone.
  std::vector<std::string> lines;
  /// The first control character that is neither tab nor line break.
  std::optional<char32_t> control = {};
};

/// `text` is valid UTF-8. Line breaks are CR, LF, VT, FF, NEL, and Unicode's separators of lines
/// and paragraphs.
written_text read_written(std::string_view text);

/// Whether a text holds what nobody sees: white space, control and format characters, or code
/// points without a meaning. For texts that machines read: a mail address.
bool has_invisible(std::string_view text);

} // namespace orderhub::handlers
