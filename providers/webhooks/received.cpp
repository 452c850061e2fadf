#include "providers/webhooks/received.hpp"

#include "journal/base/blanks.hpp"
#include "journal/base/text.hpp"

#include <algorithm>

namespace orderhub::providers::webhooks {

namespace {

/// Takes the next field off the front of a query or form.
std::string_view next_field(std::string_view& rest) {
  const auto field = rest.substr(0, rest.find('&'));
  rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  return field;
}

} // namespace

header_value header_of(const delivery& received, std::string_view name) {
  header_value found;
  bool is_there = false;
  if (received.headers)
    for (const auto& [n, v] : *received.headers)
      if (equal_ignoring_case(n, name)) {
        found.is_repeated = is_there;
        is_there = true;
        found.text = v;
      }
  return found;
}

std::optional<std::int64_t> digits_of(std::string_view text) {
  constexpr std::size_t size_max = 18;
  if (text.empty() || text.size() > size_max)
    return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9')
      return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

refusal age_of(std::int64_t signed_at_s, std::int64_t now_s) {
  if (now_s - signed_at_s > tolerance_s)
    return refusal::too_old;
  return signed_at_s - now_s > tolerance_s ? refusal::too_new : refusal::none;
}

std::string_view query_of(std::string_view target) {
  const auto begin = target.find('?');
  if (begin == std::string_view::npos)
    return {};
  const auto query = target.substr(begin + 1);
  return query.substr(0, query.find('#'));
}

std::optional<std::string> parameter_of(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto field = next_field(query);
    const auto equals = field.find('=');
    std::string decoded;
    if (!append_form_decoded(decoded, field.substr(0, equals)) || decoded != name)
      continue;
    std::string value;
    if (equals != std::string_view::npos && !append_form_decoded(value, field.substr(equals + 1)))
      return std::nullopt;
    return value;
  }
  return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, std::string>>>
parameters_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> all;
  while (!text.empty()) {
    const auto field = next_field(text);
    if (field.empty())
      continue;
    if (all.size() == parameters_max)
      return std::nullopt;
    const auto equals = std::min(field.find('='), field.size());
    auto& [name, value] = all.emplace_back();
    if (!append_form_decoded(name, field.substr(0, equals)) ||
        !append_form_decoded(value, field.substr(std::min(equals + 1, field.size()))))
      return std::nullopt;
  }
  return all;
}

std::size_t count_believed(const std::vector<secret>& secrets) {
  return static_cast<std::size_t>(
      std::count_if(secrets.begin(), secrets.end(),
                    [](const secret& s) { return !s.reveal().starts_with("test:"); }));
}

bool has_believed(const std::vector<secret>& secrets) {
  return std::any_of(secrets.begin(), secrets.end(),
                     [](const secret& one) { return !one.reveal().starts_with("test:"); });
}

std::vector<secret> split_secrets(const secret& list) {
  std::vector<secret> all;
  std::string_view rest = list.reveal();
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (const auto one = without_blanks(part); !one.empty())
      all.emplace_back(std::string(one));
  }
  return all;
}

} // namespace orderhub::providers::webhooks
