#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// One request to a vendor as an adapter makes it: no host, no secret, no idempotency key.
struct http_request {
  std::string method; ///< `GET`, `POST`, …
  /// Path and query, percent-encoded, begins with `/`; stands behind the vendor's base URL.
  std::string target;
  header_list headers; ///< Content-Type and the like. Authorization is added by the provider.
  std::string body;    ///< Raw bytes; empty for none.

  friend bool operator==(const http_request&, const http_request&) = default;
};

/// One answer. Header names are lower case.
struct http_response {
  int status = 0; ///< 100 to 599.
  header_list headers;
  std::string body;

  /// The first header of that lower-case name, or null.
  [[nodiscard]] const std::string* header(std::string_view name) const {
    for (const auto& [n, v] : headers)
      if (n == name)
        return &v;
    return nullptr;
  }
};

} // namespace orderhub::providers
