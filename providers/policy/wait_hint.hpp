#pragma once
#include "providers/http_message.hpp"

#include <cstdint>

namespace orderhub::providers {

/// No vendor's wish is followed further than this: one hour.
inline constexpr std::int64_t wait_hint_max_ms = 3'600'000;

/// `Retry-After` in milliseconds, capped: seconds, or an HTTP date measured against the answer's
/// own `Date` (RFC 9110, 10.2.3). 0 where it is absent or unreadable.
std::int64_t retry_after_ms(const http_response& response);

/// The same for a header that holds Unix seconds (SendGrid's `X-RateLimit-Reset`), measured against
/// the answer's `Date`. 0 without either.
std::int64_t reset_wait_ms(const http_response& response, std::string_view lower_case_name);

} // namespace orderhub::providers
