#pragma once
#include "http_gateway/server/message.hpp"

namespace orderhub::http_gateway {

/// Whether the body arrives as it is: `Content-Encoding` is absent, empty, or names `identity`
/// only. What a coding hides is not looked into: a small body can unfold into gigabytes.
[[nodiscard]] bool has_plain_body(const http_request& request);

} // namespace orderhub::http_gateway
