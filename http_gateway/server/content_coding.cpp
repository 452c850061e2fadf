#include "http_gateway/server/content_coding.hpp"

#include "journal/base/blanks.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <string_view>

namespace orderhub::http_gateway {

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
