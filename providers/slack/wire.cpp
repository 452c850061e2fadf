#include "providers/slack/wire.hpp"

#include "providers/json_fields.hpp"
#include "providers/wait_hint.hpp"

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

/// Codes are `snake_case` words. Anything else is no code of Slack's and is not repeated.
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
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

http_request post(std::string target, std::string body) {
  return {"POST",
          std::move(target),
          {{"Content-Type", "application/json; charset=utf-8"}},
          std::move(body)};
}

error classify_status(const http_response& response, std::string_view where) {
  const int status = response.status;
  error e{error_kind::invalid, std::string(where), std::to_string(status)};
  e.retry_after_ms = retry_after_ms(response);
  if (status == 425 || status == 429)
    e.kind = error_kind::unavailable;
  else if (status >= 500 || status == 408 || status < 300)
    e.kind = error_kind::in_doubt;
  // A redirect that keeps the method says that nothing was done; of others that is not known.
  else if (status < 400 && status != 301 && status != 307 && status != 308)
    e.kind = error_kind::in_doubt;
  return e;
}

error classify_code(const http_response& response, std::string_view code, std::string_view where) {
  constexpr std::array<std::string_view, 3> later = {"ratelimited", "rate_limited",
                                                     "message_limit_exceeded"};
  // Slack says of fatal_error that part of the operation may have succeeded.
  constexpr std::array<std::string_view, 4> unclear = {"internal_error", "fatal_error",
                                                       "service_unavailable", "request_timeout"};
  error e{error_kind::invalid, std::string(where),
          is_code(code) ? std::string(code) : std::string("refused without a code")};
  e.retry_after_ms = retry_after_ms(response);
  if (is_one_of(code, later))
    e.kind = error_kind::unavailable;
  else if (is_one_of(code, unclear) || !is_code(code))
    e.kind = error_kind::in_doubt;
  return e;
}

} // namespace wire

} // namespace orderhub::providers::slack
