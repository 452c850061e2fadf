#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace orderhub {

/// URL-safe base64 without padding, and back; decoding fails on any other character.
std::string base64url(std::string_view bytes);
bool from_base64url(std::string_view text, std::string& out);

/// Lower-case hexadecimal.
std::string hex_of(std::string_view bytes);
std::string hex_of(std::span<const std::uint8_t> bytes);
/// Pairs of hexadecimal digits in either case, and nothing else.
std::optional<std::string> hex_decoded(std::string_view text);

/// Valid UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);

/// U+0000 to U+001F, U+007F to U+009F, in valid UTF-8.
bool has_control_character(std::string_view text);

/// Percent-decodes (RFC 3986); a plus is a plus. Nothing where an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text);
/// As forms and queries encode it, where a plus is a space: appends the text. False where an escape
/// is malformed; `out` then has a part of it.
bool append_form_decoded(std::string& out, std::string_view text);

/// Appends `text` as a JSON string with its quotes: quotes, backslashes and control characters
/// escaped. Other bytes are copied as they are, so it must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// Cuts a text to at most `size_max` bytes, and never within a character of UTF-8: up to three
/// bytes more go then. Text that is not UTF-8 is cut too, somewhere there.
void cut_text(std::string& text, std::size_t size_max);
/// The same as a view into `text`.
std::string_view cut_text(std::string_view text, std::size_t size_max);

/// A to Z in lower case; every other byte as it is.
constexpr char lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
/// Equal but for the case of ASCII letters, as HTTP compares names.
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view beginning);

} // namespace orderhub
