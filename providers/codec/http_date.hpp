#pragma once
#include "journal/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace orderhub::providers {

/// Unix seconds of an HTTP date in any of the three forms of RFC 9110, 5.6.7:
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
/// Nothing where the text is none of them to the last byte, or names a day or time there is not (a
/// leap second is one); the name of the day is not held against the date.
///
/// `near`, Unix milliseconds: of a year in two digits, the latest that is at most 50 years after
/// it.
std::optional<std::int64_t> http_date_seconds(std::string_view text, unix_ms near);

} // namespace orderhub::providers
