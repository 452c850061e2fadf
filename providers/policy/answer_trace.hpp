#pragma once
#include "providers/http_message.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// What of an answer may be kept and shown: how the vendor calls the request, and what is left of a
/// body when all that a customer may have written is out.
namespace orderhub::providers {

inline constexpr std::size_t request_id_max = 64;

/// By which the vendor finds the request in what it logs; empty where the answer names none, or
/// none of letters, digits, `_`, `-` and `.`.
std::string request_id_of(const http_response& response);

/// Of a JSON body its form: names as they are, of texts only what has the shape of a code
/// (`code_or_empty`) under a name that vendors use for one (`code`, `type`, `status`, …), of
/// numbers only those under 1,000 under such a name; `…` for the rest. At most `size_max` bytes,
/// cut at a character. Empty of what is no JSON.
std::string redacted(std::string_view body, std::size_t size_max);

} // namespace orderhub::providers
