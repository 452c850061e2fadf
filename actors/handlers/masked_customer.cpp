#include "actors/handlers/masked_customer.hpp"

#include <algorithm>

namespace orderhub::handlers {

namespace {

/// The first character, whole, and a mark for the rest.
std::string first_letter(std::string_view word) {
  std::size_t size = word.empty() ? 0 : 1;
  while (size < word.size() && (static_cast<unsigned char>(word[size]) & 0xc0U) == 0x80U)
    ++size;
  return std::string(word.substr(0, size)) + "…";
}

} // namespace

std::string masked_customer(std::string_view name, std::string_view email) {
  std::string out;
  while (!name.empty()) {
    const auto word = name.substr(0, name.find(' '));
    name.remove_prefix(std::min(word.size() + 1, name.size()));
    if (!word.empty())
      out.append(out.empty() ? "" : " ").append(first_letter(word));
  }
  if (email.empty())
    return out;
  const auto at = email.rfind('@');
  const auto domain = at == std::string_view::npos ? std::string_view() : email.substr(at);
  return out.append(out.empty() ? "<" : " <")
      .append(first_letter(email))
      .append(domain)
      .append(">");
}

} // namespace orderhub::handlers
