#include "journal/base/duration.hpp"

#include "journal/base/text.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace orderhub {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `amount` units and `fraction` thousandths of one, added to `total`. False past the limit.
bool add(std::int64_t& total, std::int64_t amount, std::int64_t fraction, std::int64_t unit_ms) {
  if (amount > duration_max_ms / unit_ms)
    return false;
  total += amount * unit_ms + fraction * unit_ms / 1'000;
  return total <= duration_max_ms;
}

/// Takes digits from the front. False where there are none or too many.
bool take_number(std::string_view& text, std::int64_t& n) {
  std::size_t size = 0;
  n = 0;
  while (size < text.size() && is_digit(text[size])) {
    if (size == 15)
      return false;
    n = n * 10 + (text[size] - '0');
    ++size;
  }
  text.remove_prefix(size);
  return size > 0;
}

std::optional<std::int64_t> parse_iso_8601_ms(std::string_view text) {
  text.remove_prefix(1); // P
  std::int64_t total = 0;
  bool time_part = false, any = false;
  // Units must come in this order, each at most once.
  int last_rank = 0;
  while (!text.empty()) {
    if (lower_ascii(text.front()) == 't') {
      if (std::exchange(time_part, true))
        return std::nullopt;
      text.remove_prefix(1);
      if (text.empty())
        return std::nullopt;
      continue;
    }
    std::int64_t amount = 0, fraction = 0;
    if (!take_number(text, amount))
      return std::nullopt;
    bool has_fraction = false;
    if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
      has_fraction = true;
      text.remove_prefix(1);
      const auto before = text.size();
      std::int64_t digits = 0;
      if (!take_number(text, digits))
        return std::nullopt;
      auto size = before - text.size();
      for (; size > 3; --size)
        digits /= 10;
      for (; size < 3; ++size)
        digits *= 10;
      fraction = digits;
    }
    if (text.empty())
      return std::nullopt;
    struct unit {
      char name;
      bool time;
      int rank;
      std::int64_t ms;
    };
    constexpr std::array units = {unit{'w', false, 1, 604'800'000}, unit{'d', false, 2, 86'400'000},
                                  unit{'h', true, 3, 3'600'000}, unit{'m', true, 4, 60'000},
                                  unit{'s', true, 5, 1'000}};
    const unit* found = nullptr;
    for (const auto& u : units)
      if (u.name == lower_ascii(text.front()) && u.time == time_part)
        found = &u;
    if (!found || found->rank <= last_rank)
      return std::nullopt;
    text.remove_prefix(1);
    last_rank = found->rank;
    any = true;
    if (!add(total, amount, fraction, found->ms))
      return std::nullopt;
    // Only the last number may have a fraction.
    if (has_fraction && !text.empty())
      return std::nullopt;
  }
  return any ? std::optional(total) : std::nullopt;
}

} // namespace

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  if (text.empty() || text.size() > 64)
    return std::nullopt;
  if (lower_ascii(text.front()) == 'p')
    return parse_iso_8601_ms(text);
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t amount = 0;
    if (!take_number(text, amount))
      return std::nullopt;
    std::size_t size = 0;
    while (size < text.size() && text[size] >= 'a' && text[size] <= 'z')
      ++size;
    const auto unit = text.substr(0, size);
    text.remove_prefix(size);
    std::int64_t unit_ms = 0;
    if (unit == "ms")
      unit_ms = 1;
    else if (unit == "s")
      unit_ms = 1'000;
    else if (unit == "m")
      unit_ms = 60'000;
    else if (unit == "h")
      unit_ms = 3'600'000;
    else if (unit == "d")
      unit_ms = 86'400'000;
    else if (unit == "w")
      unit_ms = 604'800'000;
    else
      return std::nullopt;
    if (!add(total, amount, 0, unit_ms))
      return std::nullopt;
  }
  return total;
}

} // namespace orderhub
