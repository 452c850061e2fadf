#include "providers/codec/http_date.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace orderhub::providers {

namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                  "Friday", "Saturday", "Sunday"};

/// Takes a date apart from the left; each `take` either fits or spoils the whole.
class reader {
public:
  explicit reader(std::string_view text) : rest_(text) {}

  reader& text(std::string_view expected) {
    good_ = good_ && rest_.starts_with(expected);
    skip(expected.size());
    return *this;
  }
  reader& number(int& to, std::size_t digits) {
    const auto part = rest_.substr(0, digits);
    good_ = good_ && part.size() == digits &&
            std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    for (to = 0; const char c : part)
      to = to * 10 + (c - '0');
    skip(digits);
    return *this;
  }
  /// `asctime` pads the day with a space.
  reader& padded_day(int& to) {
    return rest_.starts_with(' ') ? text(" ").number(to, 1) : number(to, 2);
  }
  reader& month(unsigned& to) {
    const auto at = std::find(months.begin(), months.end(), rest_.substr(0, 3));
    good_ = good_ && at != months.end();
    to = static_cast<unsigned>(at - months.begin()) + 1;
    skip(3);
    return *this;
  }
  reader& time(int& hour, int& minute, int& second) {
    return number(hour, 2).text(":").number(minute, 2).text(":").number(second, 2);
  }
  [[nodiscard]] bool whole() const { return good_ && rest_.empty(); }

private:
  void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

  std::string_view rest_;
  bool good_ = true;
};

struct parts {
  int year = 0, day = 0, hour = 0, minute = 0, second = 0;
  unsigned month = 0;
};

std::optional<std::int64_t> seconds_of(const parts& p) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(p.year), std::chrono::month(p.month),
                            std::chrono::day(static_cast<unsigned>(p.day))};
  if (!date.ok() || p.hour > 23 || p.minute > 59 || p.second > 60)
    return std::nullopt;
  return sys_days(date).time_since_epoch().count() * 86'400LL + p.hour * 3'600 + p.minute * 60 +
         p.second;
}

std::int64_t year_of(unix_ms at) {
  using namespace std::chrono;
  // Far outside of any calendar the year does not matter, only that it can be computed.
  constexpr std::int64_t day_ms = 86'400'000;
  const auto day = std::clamp<std::int64_t>(at / day_ms, -719'000, 2'932'000);
  return static_cast<int>(year_month_day(sys_days(std::chrono::days(day))).year());
}

} // namespace

std::optional<std::int64_t> http_date_seconds(std::string_view text, unix_ms near) {
  const auto day = std::find_if(days.begin(), days.end(), [&](std::string_view name) {
    return text.substr(0, 3) == name.substr(0, 3);
  });
  if (day == days.end() || text.size() > 40)
    return std::nullopt;
  parts p;
  if (text.starts_with(*day)) {
    if (!reader(text.substr(day->size()))
             .text(", ")
             .number(p.day, 2)
             .text("-")
             .month(p.month)
             .text("-")
             .number(p.year, 2)
             .text(" ")
             .time(p.hour, p.minute, p.second)
             .text(" GMT")
             .whole())
      return std::nullopt;
    const auto latest = year_of(near) + 50;
    p.year = static_cast<int>(latest - (((latest - p.year) % 100) + 100) % 100);
    return seconds_of(p);
  }
  const auto rest = text.substr(3);
  const bool is_read = rest.starts_with(',') ? reader(rest)
                                                   .text(", ")
                                                   .number(p.day, 2)
                                                   .text(" ")
                                                   .month(p.month)
                                                   .text(" ")
                                                   .number(p.year, 4)
                                                   .text(" ")
                                                   .time(p.hour, p.minute, p.second)
                                                   .text(" GMT")
                                                   .whole()
                                             : reader(rest)
                                                   .text(" ")
                                                   .month(p.month)
                                                   .text(" ")
                                                   .padded_day(p.day)
                                                   .text(" ")
                                                   .time(p.hour, p.minute, p.second)
                                                   .text(" ")
                                                   .number(p.year, 4)
                                                   .whole();
  return is_read ? seconds_of(p) : std::nullopt;
}

} // namespace orderhub::providers
