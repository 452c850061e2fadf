#include "providers/slack/wire.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace orderhub::providers::slack {

namespace {

using nlohmann::json;

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_code(std::string_view text) {
  return !code_or_empty(text).empty();
}

} // namespace

bool is_channel_id(std::string_view channel) {
  return channel.size() >= 7 &&
         (channel.front() == 'C' || channel.front() == 'G' || channel.front() == 'D') &&
         std::all_of(channel.begin(), channel.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::string message_outcome::encode() const {
  return dump(json{{"channel", channel}, {"ts", ts}});
}

result<message_outcome> message_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!member(object, "channel") || !member(object, "ts"))
    return fail({error_kind::corrupt, "slack.message", "outcome not readable"});
  return message_outcome{text_of(object, "channel"), text_of(object, "ts")};
}

namespace wire {

std::string bounded_text(std::string text) {
  std::size_t characters = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U && ++characters > text_size_max)
      break;
  if (end == text.size())
    return text;
  constexpr std::size_t entity_size_max = 5; // `&amp;`
  const auto begin = text.rfind('&', end);
  if (begin != std::string::npos && end - begin < entity_size_max && text.find(';', begin) >= end)
    end = begin;
  text.resize(end);
  return text;
}

http_request post(std::string target, std::string body) {
  return {"POST",
          std::move(target),
          {{"Content-Type", "application/json; charset=utf-8"}},
          std::move(body)};
}

namespace {

std::string shown(const refusal_body& said) {
  return said.reason.empty() ? std::string("refused without a code") : said.reason;
}

/// Of an incoming webhook: its refusals are a status and one word.
std::string with_word(const http_response& response) {
  std::string text = std::to_string(response.status);
  if (const std::string word = code_or_empty(response.body); !word.empty())
    text += ": " + word;
  return text;
}

/// Later: nothing happened, and it may yet. `team_added_to_org` is a migration under way.
bool is_later(std::string_view code) {
  constexpr std::array<std::string_view, 4> codes = {"ratelimited", "rate_limited",
                                                     "message_limit_exceeded", "team_added_to_org"};
  return is_one_of(code, codes);
}

/// Slack says of fatal_error that part of the operation may have succeeded.
bool is_unclear(std::string_view code) {
  constexpr std::array<std::string_view, 4> codes = {"internal_error", "fatal_error",
                                                     "service_unavailable", "request_timeout"};
  return is_one_of(code, codes) || !is_code(code);
}

/// About our token, app or base URL, not about this message or its channel.
bool is_of_the_credential(std::string_view code) {
  constexpr std::array<std::string_view, 19> codes = {"invalid_auth",
                                                      "not_authed",
                                                      "account_inactive",
                                                      "token_revoked",
                                                      "token_expired",
                                                      "missing_scope",
                                                      "not_allowed_token_type",
                                                      "no_permission",
                                                      "access_denied",
                                                      "accesslimited",
                                                      "ekm_access_denied",
                                                      "enterprise_is_restricted",
                                                      "org_login_required",
                                                      "team_access_not_granted",
                                                      "two_factor_setup_required",
                                                      "app_missing_action_url",
                                                      "deprecated_endpoint",
                                                      "method_deprecated",
                                                      "unknown_method"};
  return is_one_of(code, codes);
}

} // namespace

error classify_write(const http_response& response, std::string_view where) {
  return refusal(kind_of_write(response), where, with_word(response), response);
}

error classify_write(const http_response& response, const refusal_body& said,
                     std::string_view where) {
  const std::string& code = said.code;
  const error_kind kind = is_later(code)               ? error_kind::unavailable
                          : is_unclear(code)           ? error_kind::in_doubt
                          : is_of_the_credential(code) ? error_kind::misconfigured
                                                       : error_kind::invalid;
  return refusal(kind, where, shown(said), response);
}

error classify_read(const http_response& response, std::string_view where) {
  return refusal(kind_of_read(response), where, std::to_string(response.status), response);
}

error classify_read(const http_response& response, const refusal_body& said,
                    std::string_view where) {
  const std::string& code = said.code;
  // A cursor that has gone is read anew from the first page.
  const bool passes = is_later(code) || is_unclear(code) || code == "invalid_cursor";
  const error_kind kind = passes                       ? error_kind::unavailable
                          : is_of_the_credential(code) ? error_kind::misconfigured
                                                       : error_kind::invalid;
  return refusal(kind, where, shown(said), response);
}

} // namespace wire

} // namespace orderhub::providers::slack
