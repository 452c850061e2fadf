#include "providers/webhooks/fields.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/webhooks/received.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace orderhub::providers::webhooks {

namespace {

constexpr std::int64_t seconds_max = 253'402'300'799; // The end of the year 9999.

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The text where it is not empty, at most `size_max` bytes, and all letters, digits or `others`.
std::string made_of(std::string_view text, std::string_view others, std::size_t size_max) {
  const bool is_one = !text.empty() && text.size() <= size_max &&
                      std::all_of(text.begin(), text.end(), [&](char c) {
                        return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
                      });
  return is_one ? std::string(text) : std::string();
}

std::string digest_text(std::string_view bytes) {
  return "sha256:" + hex_of(sha256_of(bytes));
}

/// Two or four digits at the front of `rest`, which they are taken off; -1 where there are none.
int take_number(std::string_view& rest, std::size_t size) {
  const auto number = rest.size() < size ? std::nullopt : digits_of(rest.substr(0, size));
  if (!number)
    return -1;
  rest.remove_prefix(size);
  return static_cast<int>(*number);
}
bool take(std::string_view& rest, char c) {
  if (!rest.starts_with(c))
    return false;
  rest.remove_prefix(1);
  return true;
}

/// Milliseconds behind the point, which may be missing.
int take_fraction(std::string_view& rest) {
  if (!take(rest, '.'))
    return 0;
  int ms = 0;
  int scale = 100;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    ms += (rest.front() - '0') * scale;
    scale /= 10;
    rest.remove_prefix(1);
  }
  return ms;
}

/// Minutes east of Greenwich; nothing where the text is no zone.
std::optional<int> zone_minutes(std::string_view rest) {
  if (rest.empty() || rest == "Z")
    return 0;
  const int sign = rest.front() == '-' ? -1 : 1;
  if (!take(rest, '+') && !take(rest, '-'))
    return std::nullopt;
  const int hours = take_number(rest, 2);
  take(rest, ':');
  const int minutes = rest.empty() ? 0 : take_number(rest, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !rest.empty())
    return std::nullopt;
  return sign * (hours * 60 + minutes);
}

} // namespace

std::string known_id(std::string_view text) {
  constexpr std::size_t size_max = 200;
  const bool is_plain =
      text.size() <= size_max &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return is_plain ? std::string(text) : digest_text(text);
}

std::string body_id(std::string_view body) {
  return digest_text(body);
}

std::string word_of(std::string_view text) {
  return made_of(text, "._-:/", 100);
}

std::string code_of(std::string_view text) {
  return made_of(text, "._-", 64);
}

std::string bounded(std::string_view text) {
  return std::string(cut_text(text, text_size_max));
}

std::string url_of(std::string_view text) {
  const bool is_one =
      text.size() <= text_size_max && starts_with_ignoring_case(text, "https://") &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return is_one ? std::string(text) : std::string();
}

std::string currency_of(std::string_view text) {
  std::string lower;
  for (const char c : text.substr(0, 4))
    lower += lower_ascii(c);
  const bool is_one = lower.size() == 3 && std::all_of(lower.begin(), lower.end(),
                                                       [](char c) { return c >= 'a' && c <= 'z'; });
  return is_one ? lower : std::string();
}

std::int64_t utc_ms_of(std::string_view text) {
  using namespace std::chrono;
  std::string_view rest = text;
  const int y = take_number(rest, 4);
  const bool has_month = take(rest, '-');
  const int m = take_number(rest, 2);
  const bool has_day = take(rest, '-');
  const int d = take_number(rest, 2);
  const bool has_time = take(rest, 'T') || take(rest, ' ');
  const int hour = take_number(rest, 2);
  const bool has_minute = take(rest, ':');
  const int minute = take_number(rest, 2);
  const bool has_second = take(rest, ':');
  const int second = take_number(rest, 2);
  if (!has_month || !has_day || !has_time || !has_minute || !has_second || y < 1970 || m < 0 ||
      d < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return 0;
  const int ms = take_fraction(rest);
  const auto zone = zone_minutes(rest);
  const year_month_day day{year(y), month(static_cast<unsigned>(m)),
                           std::chrono::day(static_cast<unsigned>(d))};
  if (!zone || !day.ok())
    return 0;
  const std::int64_t seconds = sys_days(day).time_since_epoch().count() * std::int64_t{86'400} +
                               hour * 3'600 + (minute - *zone) * 60 + second;
  return seconds < 0 ? 0 : seconds * 1'000 + ms;
}

std::int64_t ms_of_seconds(std::optional<std::int64_t> seconds) {
  return seconds && *seconds > 0 && *seconds <= seconds_max ? *seconds * 1'000 : 0;
}

event_kind kind_of(std::string_view name, std::span<const named_kind> names) {
  const auto it = std::find_if(names.begin(), names.end(),
                               [name](const named_kind& one) { return one.name == name; });
  return it != names.end() ? it->kind : event_kind::skipped;
}

void add_vendor_id(event& to, std::string_view id) {
  if (id.empty() || to.vendor_ids.size() >= vendor_ids_max)
    return;
  auto known = known_id(id);
  if (std::find(to.vendor_ids.begin(), to.vendor_ids.end(), known) == to.vendor_ids.end())
    to.vendor_ids.push_back(std::move(known));
}

step_ref ref_of(std::string_view hub, std::string_view order_id, std::string_view step,
                std::string_view attempt) {
  constexpr std::size_t order_size_max = 255, word_size_max = 64;
  const auto may_be = [](std::string_view part, std::size_t size_max) {
    return part.size() <= size_max && is_utf8(part) && !has_control_character(part);
  };
  if (!may_be(order_id, order_size_max) || !may_be(hub, word_size_max) ||
      !may_be(step, word_size_max) || !may_be(attempt, word_size_max))
    return {{}, {}, {}, {}};
  return {std::string(hub), std::string(order_id), std::string(step), std::string(attempt)};
}

std::string generation_of(std::string_view text) {
  const auto number = text.size() <= 9 ? digits_of(text) : std::nullopt;
  return number ? std::string(text) : std::string();
}

std::optional<std::vector<std::string_view>> list_elements(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos || text[begin] != '[')
    return std::nullopt;
  const auto end = text.find_last_not_of(space) + 1;
  std::vector<std::string_view> elements;
  std::size_t from = begin + 1;
  std::size_t depth = 1;
  bool in_text = false;
  const auto end_element = [&](std::size_t at) {
    if (elements.size() == elements_max)
      return false;
    elements.push_back(text.substr(from, at - from));
    from = at + 1;
    return true;
  };
  for (std::size_t i = from; i < end; ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_text = false;
      continue;
    }
    if (c == '"')
      in_text = true;
    else if (c == '[' || c == '{')
      ++depth;
    else if (c == ']' || c == '}') {
      if (--depth > 0)
        continue;
      const bool is_empty =
          elements.empty() &&
          text.substr(from, i - from).find_first_not_of(space) == std::string_view::npos;
      if (c != ']' || i + 1 != end || (!is_empty && !end_element(i)))
        return std::nullopt;
      return elements;
    } else if (c == ',' && depth == 1 && !end_element(i))
      return std::nullopt;
  }
  return std::nullopt;
}

element problem(std::string sentence) {
  element bad;
  bad.problem = std::move(sentence);
  return bad;
}

void hide_member(std::string& json, std::string_view name) {
  const std::string quoted = '"' + std::string(name) + '"';
  const auto skip_blanks = [&](std::size_t at) { return json.find_first_not_of(" \t\r\n", at); };
  const auto is = [&](std::size_t at, char c) { return at < json.size() && json[at] == c; };
  for (auto at = json.find(quoted); at != std::string::npos; at = json.find(quoted, at)) {
    at += quoted.size();
    const auto colon = skip_blanks(at);
    const auto quote = is(colon, ':') ? skip_blanks(colon + 1) : std::string::npos;
    if (!is(quote, '"'))
      continue;
    for (at = quote + 1; at < json.size() && json[at] != '"'; ++at) {
      if (json[at] == '\\' && at + 1 < json.size())
        json[at++] = '*';
      json[at] = '*';
    }
  }
}

reading unreadable(std::string sentence) {
  reading bad;
  bad.problem = std::move(sentence);
  return bad;
}

reading only(event what) {
  reading one;
  one.elements.push_back({std::move(what), {}});
  return one;
}

std::optional<std::string> json_in(std::string_view body) {
  const auto begin = body.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && (body[begin] == '{' || body[begin] == '['))
    return std::string(body);
  return parameter_of(body, "payload");
}

} // namespace orderhub::providers::webhooks
