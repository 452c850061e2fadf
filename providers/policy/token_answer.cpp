#include "providers/policy/token_answer.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"
#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers {

namespace {

using nlohmann::json;

constexpr std::string_view where = "oauth.token";
constexpr std::int64_t unsaid_life_ms = 300'000;
constexpr std::int64_t life_max_ms = std::int64_t{30} * 86'400'000;
constexpr std::size_t token_size_max = 16'384;

/// It goes into a header.
bool is_presentable(const std::string& token) {
  return !token.empty() && token.size() <= token_size_max &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

error refused(const http_response& response) {
  const int status = response.status;
  const bool is_of_the_client =
      status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
  const auto body = pick<json>(response.body, {"error"});
  const auto code = body ? code_or_empty(text_of(*body, "error")) : std::string();
  std::string text = "the token endpoint answered " + std::to_string(status);
  if (!code.empty())
    text += ": " + code;
  return refusal(is_of_the_client ? error_kind::misconfigured : error_kind::unavailable, where,
                 std::move(text), response);
}

} // namespace

wire_request token_request(const token_client& client, std::int64_t deadline_ms) {
  wire_request request;
  request.method = "POST";
  request.url = secret(client.url);
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.deadline_ms = deadline_ms;
  form body;
  body.add("grant_type", "client_credentials");
  if (!client.scope.empty())
    body.add("scope", client.scope);
  if (client.is_sent_in_body) {
    body.add("client_id", client.id).add("client_secret", client.client_secret.reveal());
  } else {
    // RFC 6749, 2.3.1: both are form-encoded before they are joined.
    const auto pair =
        percent_encode(client.id) + ':' + percent_encode(client.client_secret.reveal());
    request.secret_headers.emplace_back("Authorization", secret("Basic " + base64_encode(pair)));
  }
  request.body = body.text();
  return request;
}

result<token_grant> read_token(const http_response& response) {
  if (response.status != 200)
    return fail(refused(response));
  const auto unreadable = [&](const char* why) {
    return fail(refusal(error_kind::unavailable, where, why, response));
  };
  const auto body = pick<json>(response.body, {"access_token", "token_type", "expires_in"});
  if (!body)
    return unreadable("the token endpoint's answer cannot be read");
  auto token = text_of(*body, "access_token");
  if (!equal_ignoring_case(text_of(*body, "token_type"), "bearer") || !is_presentable(token))
    return unreadable("the token endpoint gives no bearer token");
  const auto seconds = integer_of(*body, "expires_in");
  token_grant out{secret(std::move(token)), unsaid_life_ms};
  if (seconds)
    out.life_ms = std::clamp<std::int64_t>(*seconds, 0, life_max_ms / 1'000) * 1'000;
  return out;
}

} // namespace orderhub::providers
