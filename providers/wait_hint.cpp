#include "providers/wait_hint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace orderhub::providers {

namespace {

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

/// Unix seconds of an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`.
std::optional<std::int64_t> seconds_of_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT"))
    return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = number_of(text.substr(5, 2));
  const auto year = number_of(text.substr(12, 4));
  const auto hour = number_of(text.substr(17, 2));
  const auto minute = number_of(text.substr(20, 2));
  const auto second = number_of(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(static_cast<int>(*year)),
                            std::chrono::month(static_cast<unsigned>(month - months.begin() + 1)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok())
    return std::nullopt;
  return sys_days(date).time_since_epoch().count() * 86'400LL + *hour * 3'600 + *minute * 60 +
         *second;
}

std::int64_t capped_ms(std::int64_t seconds) {
  return std::clamp<std::int64_t>(seconds, 0, wait_hint_max_ms / 1'000) * 1'000;
}

std::int64_t until_ms(const http_response& response, std::optional<std::int64_t> then) {
  const std::string* date = response.header("date");
  const auto now = date ? seconds_of_date(*date) : std::nullopt;
  return then && now ? capped_ms(*then - *now) : 0;
}

} // namespace

std::int64_t retry_after_ms(const http_response& response) {
  const std::string* text = response.header("retry-after");
  if (!text)
    return 0;
  if (const auto seconds = number_of(*text))
    return capped_ms(*seconds);
  return until_ms(response, seconds_of_date(*text));
}

std::int64_t reset_wait_ms(const http_response& response, std::string_view lower_case_name) {
  const std::string* text = response.header(lower_case_name);
  return text ? until_ms(response, number_of(*text)) : 0;
}

} // namespace orderhub::providers
