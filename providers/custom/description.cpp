#include "providers/custom/description.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace orderhub::providers::custom {

namespace {

constexpr std::array<std::pair<hook, std::string_view>, 4> hooks = {{
    {hook::confirmed, "confirmed"},
    {hook::paid, "paid"},
    {hook::shipped, "shipped"},
    {hook::cancelled, "cancelled"},
}};

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

std::optional<int> status_in(std::string_view text) {
  int status = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (ec != std::errc() || end != text.data() + text.size() || status < 200 || status > 599)
    return std::nullopt;
  return status;
}

} // namespace

std::string_view name_of(hook h) {
  for (const auto& [value, name] : hooks)
    if (value == h)
      return name;
  return "unknown";
}

std::optional<hook> hook_of(std::string_view name) {
  for (const auto& [value, known] : hooks)
    if (known == name)
      return value;
  return std::nullopt;
}

bool status_set::contains(int status) const {
  return std::any_of(ranges.begin(), ranges.end(),
                     [status](const range& r) { return r.from <= status && status <= r.to; });
}

bool status_set::overlaps(const status_set& other) const {
  return std::any_of(ranges.begin(), ranges.end(), [&](const range& a) {
    return std::any_of(other.ranges.begin(), other.ranges.end(),
                       [&](const range& b) { return a.from <= b.to && b.from <= a.to; });
  });
}

result<status_set> parse_statuses(std::string_view text) {
  status_set out;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto item = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.empty())
      continue;
    const auto dash = std::min(item.find('-'), item.size());
    const auto from = status_in(without_blanks(item.substr(0, dash)));
    const auto to = dash < item.size() ? status_in(without_blanks(item.substr(dash + 1))) : from;
    if (!from || !to || *to < *from)
      return fail({error_kind::invalid, "custom",
                   "must be statuses from 200 to 599 and ranges of them: 200-299, 409"});
    out.ranges.push_back({*from, *to});
  }
  return out;
}

std::shared_ptr<description> named(const std::string& name) {
  auto what = std::make_shared<description>();
  what->name = name;
  what->vendor = "custom_" + name;
  what->operation = "custom." + name;
  return what;
}

} // namespace orderhub::providers::custom
