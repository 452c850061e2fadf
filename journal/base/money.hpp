#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace orderhub {

/// An amount in the currency's smallest unit (cents for usd, yen for jpy) and the lower-case
/// ISO 4217 code. Never a floating type.
struct money {
  std::int64_t minor_units = 0;
  std::string currency = "usd";

  friend bool operator==(const money&, const money&) = default;
};

/// Sum and product of non-negative amounts; nothing where they overflow.
constexpr std::optional<std::int64_t> add_amounts(std::int64_t a, std::int64_t b) {
  if (a > std::numeric_limits<std::int64_t>::max() - b)
    return std::nullopt;
  return a + b;
}
constexpr std::optional<std::int64_t> multiply_amounts(std::int64_t a, std::int64_t b) {
  if (b != 0 && a > std::numeric_limits<std::int64_t>::max() / b)
    return std::nullopt;
  return a * b;
}

} // namespace orderhub
