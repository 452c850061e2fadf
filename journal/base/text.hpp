#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace orderhub {

/// URL-safe base64 without padding, and back; decoding fails on any other character.
std::string base64url(std::string_view bytes);
bool from_base64url(std::string_view text, std::string& out);

/// Lower-case hexadecimal.
std::string hex_of(std::string_view bytes);

/// Valid UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);

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
