#pragma once
#include <cstdint>
#include <string_view>

namespace orderhub::providers {

enum class url_kind : std::uint8_t { secure, loopback, refused };

/// What may be asked for: any `https://`, and `http://` where the bytes stay on this machine. By
/// its spelling alone: no name is resolved. Spaces and control characters are refused.
url_kind judge_url(std::string_view url);

/// Host and port as the URL spells them; empty where it has none.
std::string_view authority_of(std::string_view url);

/// No line break or zero byte, by which one header could become two.
bool is_header_safe(std::string_view text);

} // namespace orderhub::providers
