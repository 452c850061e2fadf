#include "providers/codec/base64.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::providers {

std::string base64_encode(std::string_view bytes) {
  std::string text = base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  std::string as_url(text);
  for (char& c : as_url) {
    if (c == '-' || c == '_')
      return std::nullopt;
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  std::string out;
  return from_base64url(as_url, out) ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace orderhub::providers
