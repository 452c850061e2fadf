#include "providers/stripe/wire.hpp"

#include "providers/json_fields.hpp"
#include "providers/wait_hint.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;

struct named_status {
  payment_status status;
  const char* name;
};
constexpr std::array<named_status, 7> statuses = {{
    {payment_status::succeeded, "succeeded"},
    {payment_status::requires_action, "requires_action"},
    {payment_status::processing, "processing"},
    {payment_status::requires_payment_method, "requires_payment_method"},
    {payment_status::requires_capture, "requires_capture"},
    {payment_status::requires_confirmation, "requires_confirmation"},
    {payment_status::canceled, "canceled"},
}};

header_list headers(bool has_body) {
  header_list list;
  if (has_body)
    list.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  list.emplace_back("Stripe-Version", api_version);
  return list;
}

bool says(const http_response& response, std::string_view header, std::string_view value) {
  const std::string* text = response.header(header);
  return text && *text == value;
}

std::string describe(const http_response& response, const wire::error_body& body) {
  std::string text = std::to_string(response.status);
  if (!body.type.empty())
    text += ' ' + body.type;
  if (!body.code.empty())
    text += ": " + body.code;
  return text;
}

} // namespace

const char* name_of(payment_status status) {
  for (const auto& [value, name] : statuses)
    if (value == status)
      return name;
  return "unknown";
}

std::optional<payment_status> payment_status_of(std::string_view text) {
  for (const auto& [value, name] : statuses)
    if (name == text)
      return value;
  return std::nullopt;
}

namespace wire {

std::string code_or_empty(std::string text) {
  const bool is_code =
      text.size() <= 64 &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return is_code ? std::move(text) : std::string();
}

http_request post(std::string target, std::string body) {
  return {"POST", std::move(target), headers(true), std::move(body)};
}

http_request get(std::string target) {
  return {"GET", std::move(target), headers(false), {}};
}

void add_metadata(form& body, const step_ref& ref) {
  body.add("metadata[order_id]", ref.order_id)
      .add("metadata[step]", ref.step)
      .add("metadata[attempt]", ref.attempt);
}

step_ref ref_in(const http_request& request) {
  return {form_value(request.body, "metadata[order_id]").value_or(""),
          form_value(request.body, "metadata[step]").value_or(""),
          form_value(request.body, "metadata[attempt]").value_or("")};
}

error_body read_error(const http_response& response) {
  const auto body = pick<json>(response.body, {"error"});
  const json* what = body ? member(*body, "error") : nullptr;
  if (!what)
    return {};
  return {code_or_empty(text_of(*what, "type")), code_or_empty(text_of(*what, "code")),
          code_or_empty(text_of(*what, "decline_code"))};
}

std::string decline_text(std::string_view code, std::string_view decline_code) {
  std::string text(code.empty() ? "declined" : code);
  if (!decline_code.empty() && decline_code != code)
    text.append("/").append(decline_code);
  return text;
}

error classify_write(const http_response& response, std::string_view where) {
  const int status = response.status;
  const error_body body = read_error(response);
  const auto make = [&](error_kind kind, std::string text) {
    error e{kind, std::string(where), std::move(text)};
    e.retry_after_ms = retry_after_ms(response);
    return e;
  };
  // A decline is final also when it is replayed: it is what the first request got.
  if (status == 402)
    return make(error_kind::rejected, decline_text(body.code, body.decline_code));
  // Limiters run before the key is looked at: nothing ran. That stands even where
  // Stripe-Should-Retry says false, which is about hammering on, not about what happened.
  if (status == 425 || status == 429)
    return make(error_kind::unavailable, describe(response, body));
  const bool can_have_run =
      status == 408 || status == 409 || status == 424 || status >= 500 || status < 300;
  if (can_have_run) {
    // The same key would bring the same answer again.
    const bool stored = (status >= 500 && says(response, "idempotent-replayed", "true")) ||
                        says(response, "stripe-should-retry", "false");
    return make(stored ? error_kind::in_doubt_stored : error_kind::in_doubt,
                describe(response, body));
  }
  // The key makes a repeat harmless, so Stripe's word is taken.
  if (says(response, "stripe-should-retry", "true") && body.type != "idempotency_error")
    return make(error_kind::in_doubt, describe(response, body));
  // A redirect that keeps the method says that nothing was done; of others that is not known.
  if (status < 400 && status != 301 && status != 307 && status != 308)
    return make(error_kind::in_doubt, describe(response, body));
  return make(error_kind::invalid, describe(response, body));
}

error classify_read(const http_response& response, std::string_view where) {
  const int status = response.status;
  const bool again = status == 408 || status == 409 || status == 424 || status == 425 ||
                     status == 429 || status >= 500 || status < 300;
  error e{again ? error_kind::unavailable : error_kind::invalid, std::string(where),
          describe(response, read_error(response))};
  e.retry_after_ms = retry_after_ms(response);
  return e;
}

look_up_answer unknown(const http_response& response, std::string_view where) {
  look_up_answer answer;
  answer.what = look_up_answer::kind::unknown;
  answer.failure = classify_read(response, where);
  return answer;
}

} // namespace wire

} // namespace orderhub::providers::stripe
