#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// Base64 of RFC 4648, section 4, with padding: what HTTP's Basic credentials are written in.
std::string base64_encode(std::string_view bytes);
/// Its reverse: with its padding, without line ends, unused bits zero, so that each value has one
/// text and no signature can be written in two ways.
std::optional<std::string> base64_decoded(std::string_view text);

} // namespace orderhub::providers
