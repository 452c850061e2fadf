#include "actors/handlers/measure.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace orderhub::handlers {

namespace {

constexpr std::int64_t decimals = 4;
constexpr std::size_t text_size_max = 400; ///< A double at full length has at most 327 digits.

tl::unexpected<error> bad(const char* why) {
  return fail({error_kind::invalid, "measure", why, 400});
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t digits_at(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

/// `digits` and how many of them stand behind the point, the exponent counted in.
struct decimal {
  std::string digits;
  std::int64_t fraction = 0;
};

bool read_decimal(std::string_view text, decimal& to) {
  const auto whole = digits_at(text);
  to.digits = text.substr(0, whole);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const auto fraction = digits_at(text.substr(1));
    to.digits += text.substr(1, fraction);
    to.fraction = static_cast<std::int64_t>(fraction);
    text.remove_prefix(fraction + 1);
  }
  if (to.digits.empty())
    return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+'))
      text.remove_prefix(1);
    int exponent = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (failed != std::errc() || exponent > 1'000 || exponent < -1'000)
      return false;
    to.fraction -= exponent;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return text.empty();
}

} // namespace

result<std::int64_t> ten_thousandths_of(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text = text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
  decimal number;
  if (text.size() > text_size_max || !read_decimal(text, number))
    return bad("must be a positive number");
  const auto nonzero = number.digits.find_first_not_of('0');
  if (nonzero == std::string::npos)
    return bad("must be a positive number");
  number.digits.erase(0, nonzero);
  // The digits that count: down to the fourth behind the point, and the next one, which rounds.
  const auto count = static_cast<std::int64_t>(number.digits.size()) - number.fraction + decimals;
  if (count > 10)
    return bad("is too large: at most 999999.9999");
  std::int64_t value = 0;
  for (std::int64_t i = 0; i < count; ++i)
    value = value * 10 + (i < static_cast<std::int64_t>(number.digits.size())
                              ? number.digits[static_cast<std::size_t>(i)] - '0'
                              : 0);
  if (count >= 0 && count < static_cast<std::int64_t>(number.digits.size()) &&
      number.digits[static_cast<std::size_t>(count)] >= '5')
    ++value;
  if (value == 0)
    return bad("is 0 when it is rounded to four decimals");
  if (value > measure_max)
    return bad("is too large: at most 999999.9999");
  return value;
}

std::string measure_text(std::int64_t ten_thousandths) {
  std::string text = std::to_string(ten_thousandths / 10'000);
  std::string fraction = std::to_string(10'000 + ten_thousandths % 10'000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + '.' + fraction;
}

} // namespace orderhub::handlers
