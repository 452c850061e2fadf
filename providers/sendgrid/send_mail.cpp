#include "providers/sendgrid/send_mail.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/policy/wait_hint.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace orderhub::providers::sendgrid {

namespace {

using nlohmann::json;
constexpr std::string_view where = "sendgrid.send_mail";

json person(const std::string& email, const std::string& name) {
  json object = {{"email", email}};
  if (!name.empty())
    object["name"] = name;
  return object;
}

/// The field the first error names, `personalizations.0.to.0.email`. Its message may quote the
/// address, so it is not taken.
std::string culprit_in(const http_response& response) {
  const auto body = pick<json>(response.body, {"errors"});
  const json* errors = body ? member(*body, "errors") : nullptr;
  if (!errors || !errors->is_array() || errors->empty())
    return {};
  std::string field = text_of(errors->front(), "field");
  const bool is_path =
      field.size() <= 64 && std::all_of(field.begin(), field.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
      });
  return is_path ? field : std::string();
}

result<std::string> parse(const http_response& response) {
  const int status = response.status;
  if (status == 202 || status == 200) { // 200: sandbox mode, checked and not sent.
    const std::string* id = response.header("x-message-id");
    return mail_outcome{id ? *id : std::string()}.encode();
  }
  error e = refusal(kind_of_write(response), where, std::to_string(status), response);
  // Every answer says when the limit is full again; it is a wish only where nothing is left of it.
  if (status == 429 || limits(response))
    e.retry_after_ms = std::max(e.retry_after_ms, reset_wait_ms(response, "x-ratelimit-reset"));
  if (const std::string field = culprit_in(response); !field.empty())
    e.message += ": " + field;
  return fail(std::move(e));
}

http_request regenerate(const http_request& request, std::uint32_t generation) {
  http_request next = request;
  auto body = json::parse(request.body, nullptr, false);
  const json* mails = member(body, "personalizations");
  if (!mails || !mails->is_array())
    return next;
  for (json& mail : body["personalizations"])
    if (member(mail, "custom_args") != nullptr)
      mail["custom_args"]["generation"] = std::to_string(generation);
  next.body = dump(body);
  return next;
}

} // namespace

std::string mail_outcome::encode() const {
  return dump(json{{"message_id", message_id}});
}

result<mail_outcome> mail_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!member(object, "message_id"))
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return mail_outcome{text_of(object, "message_id")};
}

operation<mail_outcome> send_mail(const mail_request& request) {
  json content = json::array(); // Plain text stands first, SendGrid insists.
  if (!request.text.empty())
    content.push_back({{"type", "text/plain"}, {"value", request.text}});
  if (!request.html.empty())
    content.push_back({{"type", "text/html"}, {"value", request.html}});
  const json custom_args = {{"hub", request.ref.hub},
                            {"order_id", request.ref.order_id},
                            {"step", request.ref.step},
                            {"step_attempt", request.ref.attempt},
                            {"generation", "1"}};
  const json to = json::array({person(request.to_email, request.to_name)});
  const json body = {
      {"personalizations", json::array({json{{"to", to}, {"custom_args", custom_args}}})},
      {"from", person(request.from_email, request.from_name)},
      {"subject", request.subject},
      {"content", std::move(content)},
      {"categories", json::array({"order"})}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "sendgrid";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = {"POST", "/v3/mail/send", {{"Content-Type", "application/json"}}, dump(body)};
  raw.deadline_ms = 30'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.parse = &parse;
  raw.regenerate = &regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::sendgrid
