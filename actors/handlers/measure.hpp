#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

// Lengths and weights, as Shippo takes them: "Up to six digits in front and four digits after the
// decimal separator are accepted" (shippo-javascript-sdk @51b9793, parcelcreaterequest.md). Counted
// in ten-thousandths.

inline constexpr std::int64_t measure_max = 9'999'999'999;

/// A decimal number as people and programs write it (`2`, `0.30000000000000004`, `1.5e2`, `.5`),
/// rounded to ten-thousandths, halves up. Fails with `invalid` and a message that completes "the
/// field …": no number, not above 0, 0 after it was rounded, or more than `measure_max`.
result<std::int64_t> ten_thousandths_of(std::string_view text);

/// `0.3`, `150`, `12.0001`.
std::string measure_text(std::int64_t ten_thousandths);

} // namespace orderhub::handlers
