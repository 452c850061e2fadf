#include "providers/codec/base64.hpp"

#include "journal/base/text.hpp"

#include <algorithm>

namespace orderhub::providers {

std::string base64_encode(std::string_view bytes) {
  std::string text = base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

} // namespace orderhub::providers
