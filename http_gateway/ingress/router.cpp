#include "http_gateway/ingress/router.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {
namespace {

constexpr std::size_t segment_count_max = 8;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_value(char c) {
  if (is_digit(c))
    return c - '0';
  c = lower_ascii(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

no_route bad_path(std::string message) {
  return {400, std::move(message), {}};
}

no_route not_found(std::string message) {
  return {404, std::move(message), {}};
}

no_route wrong_method(std::string_view allow) {
  return {405, "This path takes " + std::string(allow) + " only.", std::string(allow)};
}

/// `amount` units and `fraction` thousandths of one, added to `total`. False past the limit.
bool add(std::int64_t& total, std::int64_t amount, std::int64_t fraction, std::int64_t unit_ms) {
  if (amount > delay_max_ms / unit_ms)
    return false;
  total += amount * unit_ms + fraction * unit_ms / 1'000;
  return total <= delay_max_ms;
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

/// As forms encode it: a plus is a space.
std::optional<std::string> query_decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

/// The `delay` of a send's query, or why it is refused.
std::optional<no_route> read_delay(std::string_view query, call_route& to) {
  bool seen = false;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(part.find('='), part.size());
    const auto name = query_decode(part.substr(0, equals));
    if (!name || !equal_ignoring_case(*name, "delay"))
      continue;
    if (std::exchange(seen, true))
      return bad_path("delay is given more than once.");
    const auto value = query_decode(part.substr(std::min(equals + 1, part.size())));
    const auto delay = value ? parse_delay_ms(*value) : std::nullopt;
    if (!delay)
      return bad_path("delay must be a duration such as 10s, 1500ms, 2m, 1h, 1d or PT10S, "
                      "of at most 3650 days.");
    to.delay_ms = *delay;
  }
  if (seen && !to.one_way)
    return bad_path("delay needs /send at the end of the path.");
  return std::nullopt;
}

route under_restate(std::string_view method, std::vector<std::string>& s) {
  const auto size = s.size();
  const bool get = method == "GET", post = method == "POST";
  if (size == 2 && s[1] == "health")
    return get ? route(health_route{}) : route(wrong_method("GET"));
  if (size == 4 && (s[1] == "awakeables" || s[1] == "a") &&
      (s[3] == "resolve" || s[3] == "reject")) {
    if (!post)
      return wrong_method("POST");
    return awakeable_route{std::move(s[2]), s[3] == "resolve"};
  }
  const bool wait = s.back() == "attach";
  if (wait || s.back() == "output") {
    std::optional<host::invocation_target> target;
    if (size == 4 && s[1] == "invocation")
      target = host::by_invocation_id{std::move(s[2])};
    else if (size == 7 && s[1] == "invocation")
      target =
          host::by_request_key{std::move(s[2]), std::move(s[3]), std::move(s[4]), std::move(s[5])};
    else if (size == 5 && s[1] == "workflow")
      target = host::by_workflow{std::move(s[2]), std::move(s[3])};
    if (target) {
      if (!get && !post)
        return wrong_method("GET, POST");
      return attach_route{std::move(*target), wait};
    }
  }
  if (size >= 2 && s[1] == "scope")
    return not_found("Scopes are not supported here.");
  return not_found("There is nothing at this path under /restate.");
}

} // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size())
      return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0)
      return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f)
      return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) <= 0x9f)
      return true;
  }
  return false;
}

std::optional<std::int64_t> parse_delay_ms(std::string_view text) {
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

route route_of(std::string_view method, std::string_view target) {
  if (target.empty() || target.front() != '/')
    return bad_path("The path must begin with a slash.");
  const auto query_at = target.find('?');
  const auto query =
      query_at == std::string_view::npos ? std::string_view() : target.substr(query_at + 1);
  auto path = target.substr(1, std::min(query_at, target.size()) - 1);
  if (path.empty())
    return not_found("There is nothing at this path; calls go to /{service}/{key}/{handler}.");
  if (path.find('#') != std::string_view::npos)
    return bad_path("The path must not contain a fragment.");

  std::vector<std::string> segments;
  segments.reserve(4);
  for (bool more = true; more;) {
    const auto end = path.find('/');
    more = end != std::string_view::npos;
    auto decoded = percent_decode(path.substr(0, end));
    if (more)
      path.remove_prefix(end + 1);
    if (!decoded)
      return bad_path("The path has a malformed percent escape.");
    if (decoded->empty())
      return bad_path("The path has an empty segment.");
    if (decoded->size() > segment_size_max)
      return bad_path("A path segment is longer than 255 bytes.");
    if (!is_utf8(*decoded))
      return bad_path("The path is not valid UTF-8.");
    if (has_control_character(*decoded))
      return bad_path("The path contains a control character.");
    if (segments.size() == segment_count_max)
      return not_found("There is nothing at this path; calls go to /{service}/{key}/{handler}.");
    segments.push_back(std::move(*decoded));
  }

  if (segments.front() == "webhooks")
    return webhook_route{};
  if (segments.front() == "restate")
    return under_restate(method, segments);
  const bool one_way = segments.size() == 4 && segments.back() == "send";
  if (segments.size() == 2)
    return not_found("Services here have keys: POST /{service}/{key}/{handler}.");
  if (segments.size() != 3 && !one_way)
    return not_found("There is nothing at this path; calls go to /{service}/{key}/{handler}.");
  if (method != "POST")
    return wrong_method("POST");
  call_route call{std::move(segments[0]), std::move(segments[1]), std::move(segments[2]), one_way,
                  0};
  if (!query.empty())
    if (auto refused = read_delay(query, call))
      return std::move(*refused);
  return call;
}

} // namespace orderhub::http_gateway
