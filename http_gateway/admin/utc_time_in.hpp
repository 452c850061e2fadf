#pragma once
#include "journal/base/time.hpp"

#include <optional>
#include <string_view>

namespace orderhub::http_gateway {

/// `2026-11-25T09:35:06.123Z`, with or without milliseconds, or the date alone. Nothing where it is
/// none.
std::optional<unix_ms> utc_time_in(std::string_view text);

} // namespace orderhub::http_gateway
