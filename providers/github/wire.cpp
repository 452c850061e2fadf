#include "providers/github/wire.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/policy/wait_hint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::github {

namespace {

using nlohmann::json;

/// After a secondary limit without a time GitHub wants at least so much.
constexpr std::int64_t secondary_wait_ms = 60'000;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view name) {
  constexpr std::size_t size_max = 100;
  return !name.empty() && name.size() <= size_max && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
         });
}

/// `Deployment`, `required_contexts`: a name of GitHub's, and no echo of what was sent.
std::string field_name(const std::string& text) {
  constexpr std::size_t size_max = 40;
  const bool is_one = text.size() <= size_max && std::all_of(text.begin(), text.end(), [](char c) {
                        return is_letter(c) || c == '_';
                      });
  return is_one ? text : std::string();
}

/// What GitHub says in sentences only; the rest by `class_of`.
std::string_view code_of(std::string_view message) {
  struct row {
    std::string_view phrase, code;
  };
  constexpr std::array<row, 6> rows = {{{"No ref found", "no_such_ref"},
                                        {"Conflict merging", "merge_conflict"},
                                        {"status checks", "checks_not_green"},
                                        {"rate limit", "rate_limited"},
                                        {"Bad credentials", "bad_credentials"},
                                        {"Not Found", "not_found"}}};
  for (const auto& [phrase, code] : rows)
    if (message.substr(0, 512).find(phrase) != std::string_view::npos)
      return code;
  return message.empty() ? std::string_view() : class_of(message);
}

struct refusal_body {
  field_reasons reasons;
  bool speaks_of_limit = false;
};

refusal_body read_refusal(const http_response& response) {
  constexpr std::size_t refusal_size_max = std::size_t{64} * 1'024;
  refusal_body said;
  const auto body = response.body.size() <= refusal_size_max
                        ? pick<json>(response.body, {"message", "errors"})
                        : std::nullopt;
  if (!body)
    return said;
  const auto message = text_of(*body, "message");
  said.speaks_of_limit = message.substr(0, 512).find("rate limit") != std::string::npos;
  if (const json* errors = member(*body, "errors"); errors && errors->is_array())
    for (const json& entry : *errors) {
      std::string path = field_name(text_of(entry, "resource"));
      if (const auto field = field_name(text_of(entry, "field")); !field.empty())
        path += (path.empty() ? "" : ".") + field;
      said.reasons.add(path, code_or_empty(text_of(entry, "code")));
    }
  if (said.reasons.empty())
    said.reasons.add("", code_of(message));
  return said;
}

/// Only later: 429, and a 403 that says so by a header or in words.
bool is_limited(const http_response& response, const refusal_body& said) {
  return response.status == 429 ||
         (response.status == 403 && (limits(response) || said.speaks_of_limit));
}

std::int64_t wait_ms(const http_response& response) {
  const auto asked = retry_after_ms(response);
  if (asked > 0)
    return asked;
  const std::string* left = response.header("x-ratelimit-remaining");
  const auto reset =
      left != nullptr && *left == "0" ? reset_wait_ms(response, "x-ratelimit-reset") : 0;
  return reset > 0 ? reset : secondary_wait_ms;
}

error classified(error_kind kind, const http_response& response, std::string_view where) {
  const auto said = read_refusal(response);
  const bool limited = is_limited(response, said);
  error e = refusal(limited ? error_kind::unavailable : kind, where,
                    described(response.status, said.reasons), response);
  if (limited)
    e.retry_after_ms = wait_ms(response);
  return e;
}

} // namespace

bool is_repository(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_name(text.substr(0, slash)) &&
         is_name(text.substr(slash + 1));
}

bool is_full_sha(std::string_view text) {
  constexpr std::size_t sha_size = 40;
  return text.size() == sha_size &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

namespace wire {

namespace {

/// GitHub refuses whoever does not say who it is.
header_list headers() {
  return {{"Accept", "application/vnd.github+json"},
          {"X-GitHub-Api-Version", std::string(api_version)},
          {"User-Agent", "orderhub"}};
}

} // namespace

http_request post(std::string target, std::string body) {
  auto with_type = headers();
  with_type.emplace_back("Content-Type", "application/json");
  return {"POST", std::move(target), std::move(with_type), std::move(body)};
}

http_request get(std::string target) {
  return {"GET", std::move(target), headers(), {}};
}

error classify_write(const http_response& response, std::string_view where) {
  return classified(kind_of_write(response), response, where);
}

error classify_read(const http_response& response, std::string_view where) {
  return classified(kind_of_read(response), response, where);
}

std::int64_t next_page(const http_response& response) {
  const std::string* link = response.header("link");
  if (!link)
    return 0;
  const auto rel = link->find("rel=\"next\"");
  const auto begin = rel == std::string::npos ? rel : link->rfind('<', rel);
  if (begin == std::string::npos)
    return 0;
  const auto url = std::string_view(*link).substr(begin, rel - begin);
  for (const std::string_view mark : {"?page=", "&page="})
    if (const auto at = url.find(mark); at != std::string_view::npos) {
      const auto digits = url.substr(at + mark.size());
      std::int64_t page = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), page);
      return page > 1 ? page : 0;
    }
  return 0;
}

std::optional<unix_ms> time_of(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != shape.size())
    return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
      return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size))
      value = value * 10 + (c - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day day{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                           std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!day.ok())
    return std::nullopt;
  const auto seconds_of_day = number(11, 2) * 3'600 + number(14, 2) * 60 + number(17, 2);
  return (sys_days(day).time_since_epoch().count() * std::int64_t{86'400} + seconds_of_day) * 1'000;
}

} // namespace wire

} // namespace orderhub::providers::github
