#include "providers/codec/form.hpp"

#include "journal/base/text.hpp"

namespace orderhub::providers {

namespace {

constexpr std::string_view hex = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += hex[byte >> 4U];
    out += hex[byte & 15U];
  }
}

} // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  append_encoded(out, text);
  return out;
}

form& form::add(std::string_view name, std::string_view value) {
  if (text_.empty())
    text_.reserve(256);
  else
    text_ += '&';
  text_ += name;
  text_ += '=';
  append_encoded(text_, value);
  return *this;
}

form& form::add(std::string_view name, std::int64_t value) {
  return add(name, std::string_view(std::to_string(value)));
}

std::optional<std::string> form_value(std::string_view body, std::string_view name) {
  std::string value;
  while (!body.empty()) {
    const std::string_view field = body.substr(0, body.find('&'));
    body.remove_prefix(field.size() == body.size() ? field.size() : field.size() + 1);
    const auto equals = field.find('=');
    if (equals != std::string_view::npos && field.substr(0, equals) == name)
      return append_form_decoded(value, field.substr(equals + 1)) ? std::optional(value)
                                                                  : std::nullopt;
  }
  return std::nullopt;
}

} // namespace orderhub::providers
