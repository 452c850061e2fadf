#include "providers/tables/currencies.hpp"

#include "providers/tables/rows.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <vector>

namespace orderhub {
std::string_view currencies_table();
}

namespace orderhub::tables {

namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number n{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size())
    std::abort(); // Compiled in: a mistake in the table.
  return n;
}

std::int64_t power_of_ten(int exponent) {
  std::int64_t n = 1;
  while (exponent-- > 0)
    n *= 10;
  return n;
}

std::vector<currency> read_currencies() {
  std::vector<currency> all;
  for (const auto& row : rows_of(currencies_table(), 5)) {
    currency c;
    c.code = row[0];
    c.decimals = number_of<int>(row[1]);
    c.step = number_of<std::int64_t>(row[2]);
    if (row[3] != "-")
      c.least = number_of<std::int64_t>(row[3]);
    c.most = power_of_ten(number_of<int>(row[4])) - 1;
    all.push_back(c);
  }
  std::sort(all.begin(), all.end(),
            [](const currency& a, const currency& b) { return a.code < b.code; });
  return all;
}

int decimals_of(std::string_view code) {
  const auto* known = find_currency(code);
  return known != nullptr ? known->decimals : 2;
}

} // namespace

std::span<const currency> currencies() {
  static const std::vector<currency> all = read_currencies();
  return all;
}

const currency* find_currency(std::string_view code) {
  const auto all = currencies();
  const auto it =
      std::lower_bound(all.begin(), all.end(), code,
                       [](const currency& c, std::string_view x) { return c.code < x; });
  return it != all.end() && it->code == code ? &*it : nullptr;
}

std::string decimal_text(const money& amount) {
  const auto decimals = static_cast<std::size_t>(decimals_of(amount.currency));
  auto text = std::to_string(amount.minor_units);
  const bool is_negative = text.front() == '-';
  if (is_negative)
    text.erase(0, 1);
  if (decimals > 0) {
    if (text.size() <= decimals)
      text.insert(0, decimals + 1 - text.size(), '0');
    text.insert(text.size() - decimals, 1, '.');
  }
  return is_negative ? '-' + text : text;
}

std::string shown(const money& amount) {
  return decimal_text(amount) + ' ' + upper_ascii(amount.currency);
}

} // namespace orderhub::tables
