#include "http_gateway/admin/utc_time_in.hpp"

#include <charconv>
#include <chrono>
#include <string>

namespace orderhub::http_gateway {

namespace {

/// Digits alone, a few of them.
int number_in(std::string_view digits) {
  int n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return n;
}

} // namespace

std::optional<unix_ms> utc_time_in(std::string_view text) {
  // 2026-11-25T09:35:06.123Z
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd.dddZ";
  constexpr std::size_t date = 10, seconds = 19;
  const bool has_time = text.size() > date;
  std::string whole(text);
  if (!has_time)
    whole.append("T00:00:00.000Z");
  else if (whole.size() == seconds + 1 && whole.back() == 'Z')
    whole.replace(seconds, 1, ".000Z");
  if (whole.size() != form.size())
    return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == 'd' ? whole[i] < '0' || whole[i] > '9' : whole[i] != form[i])
      return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    return number_in(std::string_view(whole).substr(at, size));
  };
  using namespace std::chrono;
  const year_month_day day(year(part(0, 4)), month(static_cast<unsigned>(part(5, 2))),
                           std::chrono::day(static_cast<unsigned>(part(8, 2))));
  const auto h = part(11, 2), m = part(14, 2), s = part(17, 2);
  if (!day.ok() || h > 23 || m > 59 || s > 59)
    return std::nullopt;
  const auto at =
      sys_days(day) + hours(h) + minutes(m) + std::chrono::seconds(s) + milliseconds(part(20, 3));
  const auto ms = duration_cast<milliseconds>(at.time_since_epoch()).count();
  return ms >= 0 ? std::optional<unix_ms>(ms) : std::nullopt;
}

} // namespace orderhub::http_gateway
