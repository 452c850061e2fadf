#include "http_gateway/server/content_coding.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <string_view>

namespace orderhub::http_gateway {

namespace {

std::string_view without_blanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

} // namespace

bool has_plain_body(const http_request& request) {
  // A list, which further headers of the name continue (RFC 9110, 5.3 and 8.4).
  for (std::size_t i = 0; i < request.header_count(); ++i) {
    auto [name, codings] = request.header_at(i);
    if (!equal_ignoring_case(name, "content-encoding"))
      continue;
    while (!codings.empty()) {
      const auto end = std::min(codings.find(','), codings.size());
      const auto coding = without_blanks(codings.substr(0, end));
      codings.remove_prefix(std::min(end + 1, codings.size()));
      if (!coding.empty() && !equal_ignoring_case(coding, "identity"))
        return false;
    }
  }
  return true;
}

} // namespace orderhub::http_gateway
