#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// Percent-encodes all but the unreserved characters of RFC 3986, so that the text can stand as one
/// path segment or one query value, whatever bytes an order holds.
std::string percent_encode(std::string_view text);

/// An `application/x-www-form-urlencoded` body or query, fields in the order they were added.
class form {
public:
  /// `name` is a constant of ours and stands as it is (`metadata[step]`); `value` is encoded.
  form& add(std::string_view name, std::string_view value);
  form& add(std::string_view name, std::int64_t value);
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  std::string text_;
};

/// The decoded value of the first field of that name in a body `form` made; empty where it is not
/// there or not decodable.
std::optional<std::string> form_value(std::string_view body, std::string_view name);

} // namespace orderhub::providers
