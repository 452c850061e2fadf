#include "providers/twilio/wire.hpp"

#include "providers/codec/http_date.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace orderhub::providers::twilio::wire {

namespace {

using nlohmann::json;

/// Twilio answers 400, and the sender's queue empties at its own rate.
constexpr std::int64_t queue_full = 21'611;
constexpr std::int64_t queue_full_wait_ms = 60'000;

std::optional<std::int64_t> code_in(const http_response& response) {
  const auto body = pick<json>(response.body, {"code"});
  const auto code = body ? integer_of(*body, "code") : std::nullopt;
  return code && *code > 0 && *code < 1'000'000 ? code : std::nullopt;
}

/// About this message: its number, sender, country or text.
bool is_about_message(std::int64_t code) {
  return code >= 21'000 && code < 22'000;
}

error classified(error_kind kind, const http_response& response, std::string_view where) {
  const auto code = code_in(response);
  const bool is_refusal = response.status >= 400 && response.status < 500 && code.has_value();
  const bool is_full = is_refusal && *code == queue_full;
  if (is_full)
    kind = error_kind::unavailable;
  else if (is_refusal && response.status != 429 && is_about_message(*code))
    kind = error_kind::invalid;
  std::string text = std::to_string(response.status);
  if (code)
    text += ": " + std::to_string(*code);
  error e = refusal(kind, where, std::move(text), response);
  if (is_full)
    e.retry_after_ms = std::max(e.retry_after_ms, queue_full_wait_ms);
  return e;
}

} // namespace

bool is_message_sid(std::string_view sid) {
  constexpr std::size_t size_max = 64;
  return sid.size() > 2 && sid.size() <= size_max &&
         (sid.starts_with("SM") || sid.starts_with("MM")) &&
         std::all_of(sid.begin(), sid.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

bool has_failed(std::string_view status) {
  return status == "failed" || status == "undelivered" || status == "canceled";
}

std::optional<unix_ms> time_of(std::string date) {
  constexpr std::string_view zone = "+0000";
  if (!date.ends_with(zone))
    return std::nullopt;
  date.replace(date.size() - zone.size(), zone.size(), "GMT");
  const auto seconds = http_date_seconds(date, 0);
  return seconds ? std::optional(*seconds * 1'000) : std::nullopt;
}

error classify_write(const http_response& response, std::string_view where) {
  return classified(kind_of_write(response), response, where);
}

error classify_read(const http_response& response, std::string_view where) {
  return classified(kind_of_read(response), response, where);
}

std::string failure_text(std::string_view status, std::optional<std::int64_t> code) {
  std::string text = code_or_empty(status);
  if (code)
    text += ": " + std::to_string(*code);
  return text;
}

} // namespace orderhub::providers::twilio::wire
