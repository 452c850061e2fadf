#include "providers/policy/wait_hint.hpp"

#include "providers/codec/http_date.hpp"

#include <algorithm>
#include <charconv>
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

/// Settles the century of a date with a two-digit year, where nothing better is known: 2026.
constexpr unix_ms this_century = 1'790'000'000'000;

std::optional<std::int64_t> date_of(const http_response& response) {
  const std::string* date = response.header("date");
  return date ? http_date_seconds(*date, this_century) : std::nullopt;
}

std::int64_t capped_ms(std::int64_t seconds) {
  return std::clamp<std::int64_t>(seconds, 0, wait_hint_max_ms / 1'000) * 1'000;
}

std::int64_t until_ms(std::optional<std::int64_t> now, std::optional<std::int64_t> then) {
  return then && now ? capped_ms(*then - *now) : 0;
}

} // namespace

std::int64_t retry_after_ms(const http_response& response) {
  const std::string* text = response.header("retry-after");
  if (!text)
    return 0;
  if (const auto seconds = number_of(*text))
    return capped_ms(*seconds);
  const auto now = date_of(response);
  return now ? until_ms(now, http_date_seconds(*text, *now * 1'000)) : 0;
}

std::int64_t reset_wait_ms(const http_response& response, std::string_view lower_case_name) {
  const std::string* text = response.header(lower_case_name);
  return text ? until_ms(date_of(response), number_of(*text)) : 0;
}

} // namespace orderhub::providers
