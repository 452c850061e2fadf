#include "providers/stripe/wire.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
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
  if (!body.param.empty())
    text += " (" + body.param + ')';
  return text;
}

/// Codes with which Stripe refuses the key, whatever the status.
bool is_of_the_key(std::string_view code) {
  constexpr std::array<std::string_view, 5> codes = {"api_key_expired", "platform_api_key_expired",
                                                     "secret_key_required", "testmode_charges_only",
                                                     "tls_version_unsupported"};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_limit(std::string_view code) {
  return code == "rate_limit" || code == "lock_timeout";
}

/// As Stripe names parameters (`metadata[step]`, `payment_method_types[0]`): each part has the
/// shape of a code, or is an index. Anything else could be an echo of what we sent.
std::string param_or_empty(const std::string& text) {
  constexpr std::size_t index_size_max = 3;
  std::string_view rest = text;
  bool is_root = true;
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find('['));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    std::string_view name = part;
    if (!is_root) {
      if (!name.ends_with(']'))
        return {};
      name.remove_suffix(1);
    }
    const bool is_index = !is_root && name.size() <= index_size_max &&
                          name.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_index && code_or_empty(name).empty())
      return {};
    is_root = false;
  }
  return text.size() <= 64 ? text : std::string();
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

bool names_intent(std::string_view target, std::string_view intent_id) {
  if (!target.starts_with(intents_path))
    return false;
  target.remove_prefix(intents_path.size());
  return target.substr(0, target.find('/')) == percent_encode(intent_id);
}

http_request post(std::string target, std::string body) {
  return {"POST", std::move(target), headers(true), std::move(body)};
}

http_request get(std::string target) {
  return {"GET", std::move(target), headers(false), {}};
}

namespace {
constexpr std::string_view generation_field = "metadata[generation]";
}

void add_metadata(form& body, const step_ref& ref) {
  body.add("metadata[hub]", ref.hub)
      .add("metadata[order_id]", ref.order_id)
      .add("metadata[step]", ref.step)
      .add("metadata[attempt]", ref.attempt)
      .add(generation_field, 1);
}

http_request regenerate(const http_request& request, std::uint32_t generation) {
  http_request next = request;
  const std::string field = "&" + std::string(generation_field) + '=';
  if (const auto at = next.body.find(field); at != std::string::npos) {
    const auto from = at + field.size();
    const auto end = std::min(next.body.find('&', from), next.body.size());
    next.body.replace(from, end - from, std::to_string(generation));
  }
  return next;
}

raw_operation keyed_write(std::string_view name, const step_ref& ref, http_request request,
                          const readers& read) {
  raw_operation raw;
  raw.name = name;
  raw.vendor = "stripe";
  raw.call_class = "write";
  raw.ref = ref;
  raw.request = std::move(request);
  raw.key_header = idempotency_header;
  raw.deadline_ms = deadline_ms;
  raw.doubt = doubt_policy::replay_key;
  raw.absence_after_ms = absence_after_ms;
  raw.key_life_ms = key_life_ms;
  raw.parse = read.parse;
  raw.lookup = read.lookup;
  raw.read_lookup = read.read_lookup;
  return raw;
}

step_ref ref_in(const http_request& request) {
  return {form_value(request.body, "metadata[hub]").value_or(""),
          form_value(request.body, "metadata[order_id]").value_or(""),
          form_value(request.body, "metadata[step]").value_or(""),
          form_value(request.body, "metadata[attempt]").value_or("")};
}

bool is_made_by(const step_ref& wanted, const step_ref& seen, bool is_proven) {
  return seen.order_id == wanted.order_id && seen.step == wanted.step &&
         seen.attempt == wanted.attempt &&
         (seen.hub == wanted.hub || (is_proven && seen.hub.empty()));
}

error_body read_error(const http_response& response) {
  const auto body = pick<json>(response.body, {"error"});
  const json* what = body ? member(*body, "error") : nullptr;
  if (!what)
    return {};
  const std::string message = text_of(*what, "message").substr(0, 512);
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string::npos;
  };
  return {code_or_empty(text_of(*what, "type")),         code_or_empty(text_of(*what, "code")),
          code_or_empty(text_of(*what, "decline_code")), param_or_empty(text_of(*what, "param")),
          says("greater than unrefunded amount"),        says("greater than charge amount")};
}

bool is_missing(const http_response& response) {
  return response.status == 404 && read_error(response).code == "resource_missing";
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
  const auto make = [&](error_kind kind) {
    return refusal(kind, where, describe(response, body), response);
  };
  // A decline is final also when it is replayed: it is what the first request got.
  if (status == 402)
    return refusal(error_kind::rejected, where, decline_text(body.code, body.decline_code),
                   response);
  if (status >= 400 && status < 500 && is_of_the_key(body.code))
    return make(error_kind::misconfigured);
  // Our key was used with other parameters: something was done under it.
  if (status == 400 && body.type == "idempotency_error")
    return make(error_kind::done_before);
  if (status == 403 && is_limit(body.code))
    return make(error_kind::unavailable);
  if (status == 404 && body.code == "resource_missing")
    return make(error_kind::invalid);
  const bool is_running = status == 409 && body.code == "idempotency_key_in_use";
  const error_kind usual = kind_of_write(response);
  // Limiters run before the key is looked at: nothing ran. That stands even where
  // Stripe-Should-Retry says false, which is about hammering on, not about what happened.
  if (usual == error_kind::unavailable || usual == error_kind::misconfigured)
    return make(usual);
  if (status == 409 || status == 424 || status < 300 || status == 408 || status >= 500) {
    // The same key would bring the same answer again.
    const bool stored = (status >= 500 && says(response, "idempotent-replayed", "true")) ||
                        says(response, "stripe-should-retry", "false");
    return make(stored && !is_running ? error_kind::in_doubt_stored : error_kind::in_doubt);
  }
  // The key makes a repeat harmless, so Stripe's word is taken.
  if (says(response, "stripe-should-retry", "true"))
    return make(error_kind::in_doubt);
  return make(usual);
}

error classify_read(const http_response& response, std::string_view where) {
  const error_body body = read_error(response);
  error_kind kind = kind_of_read(response);
  if (response.status >= 400 && response.status < 500) {
    if (is_of_the_key(body.code))
      kind = error_kind::misconfigured;
    else if (response.status == 403 && is_limit(body.code))
      kind = error_kind::unavailable;
    else if (body.code == "resource_missing") // What a page began after is gone: from the start.
      kind = body.param == "starting_after" ? error_kind::unavailable : error_kind::invalid;
  }
  return refusal(kind, where, describe(response, body), response);
}

} // namespace wire

} // namespace orderhub::providers::stripe
