#pragma once
#include <string>
#include <string_view>

namespace orderhub::providers {

/// Base64 of RFC 4648, section 4, with padding: what HTTP's Basic credentials are written in.
std::string base64_encode(std::string_view bytes);

} // namespace orderhub::providers
