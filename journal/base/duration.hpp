#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace orderhub {

/// Longest duration that is read: ten years of 365 days.
inline constexpr std::int64_t duration_max_ms = 3'650LL * 24 * 3'600 * 1'000;

/// Milliseconds of `10s`, `1500ms`, `1h30m` (units ms, s, m, h, d, w) or of an ISO 8601 duration
/// without years and months (`PT10S`, `P1DT2H`, fractions down to a millisecond). Nothing where it
/// is neither, or longer than `duration_max_ms`. A bare number has no unit and is refused.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);

} // namespace orderhub
