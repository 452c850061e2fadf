#include "providers/custom/call.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"

#include <span>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::custom {

namespace {

using nlohmann::json;

constexpr std::size_t shown_size_max = 200;
/// An answer that is larger is not read.
constexpr std::size_t body_size_max = std::size_t{1024} * 1024;

json body_of(const http_response& response) {
  if (response.body.size() > body_size_max)
    return json(json::value_t::discarded);
  return json::parse(response.body, nullptr, /*allow_exceptions=*/false);
}

/// What is there, unless that is nothing: null, an empty text or list.
const json* found_at(const json& body, const std::string& pointer) {
  if (body.is_discarded())
    return nullptr;
  const json::json_pointer at(pointer); // Checked at start.
  if (!body.contains(at))
    return nullptr;
  const json& value = body.at(at);
  const bool is_nothing =
      value.is_string() ? value.get_ref<const std::string&>().empty() : value.empty();
  return is_nothing ? nullptr : &value;
}

std::string shown_of(const json& body, const std::string& pointer) {
  const auto* value = pointer.empty() ? nullptr : found_at(body, pointer);
  if (value == nullptr || value->is_structured())
    return {};
  auto text = value->is_string() ? value->get<std::string>() : dump(*value);
  cut_text(text, shown_size_max);
  return has_control_character(text) ? std::string() : text;
}

error refused(const description& d, error_kind kind, const http_response& response) {
  std::string text = std::to_string(response.status);
  if (!d.reason.empty())
    if (const auto body = body_of(response); const auto* code = found_at(body, d.reason))
      if (const auto safe =
              code->is_string() ? code_or_empty(code->get<std::string>()) : std::string();
          !safe.empty())
        text += ": " + safe;
  return refusal(kind, d.operation, std::move(text), response);
}

result<std::string> parse(const description& d, const http_response& response) {
  if (d.success.contains(response.status)) {
    const auto body = body_of(response);
    if (!d.proof.empty() && found_at(body, d.proof) == nullptr)
      return fail(refusal(error_kind::in_doubt, d.operation, "unreadable success body", response));
    return custom_outcome{response.status, shown_of(body, d.show)}.encode();
  }
  if (d.terminal.contains(response.status))
    return fail(refused(d, error_kind::rejected, response));
  if (d.retryable.contains(response.status))
    return fail(refused(d, error_kind::unavailable, response));
  return fail(refused(d, kind_of_write(response), response));
}

lookup_finding read_lookup(const description& d, const values& with,
                           const http_response& response) {
  lookup_finding answer;
  if (d.look_up->absent.contains(response.status)) {
    answer.kind = finding_kind::absent;
    answer.evidence = "answered " + std::to_string(response.status);
    return answer;
  }
  const auto body = response.status == 200 ? body_of(response) : json(json::value_t::discarded);
  if (body.is_discarded())
    return unknown(refused(d, kind_of_read(response), response));
  const auto* value = found_at(body, d.look_up->pointer);
  if (value != nullptr && d.look_up->equals &&
      (!value->is_string() || value->get<std::string>() != d.look_up->equals->filled(with)))
    return unknown(refusal(error_kind::unavailable, d.operation, "the look-up shows something else",
                           response));
  answer.kind = value != nullptr ? finding_kind::found : finding_kind::absent;
  answer.evidence = d.look_up->pointer + (value != nullptr ? " is there" : " is not there");
  if (value != nullptr)
    answer.value =
        custom_outcome{0, d.show.empty() ? std::string() : shown_of(body, d.look_up->pointer)}
            .encode();
  return answer;
}

http_request request_of(const description& d, const values& with) {
  http_request request;
  request.method = d.method;
  request.target = d.path.filled_path(with);
  request.headers = d.headers;
  if (!d.body.empty()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = d.body.filled(with);
  }
  return request;
}

} // namespace

std::string custom_outcome::encode() const {
  return dump(json{{"status", status}, {"shown", shown}});
}

result<custom_outcome> custom_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto status = integer_of(object, "status");
  if (!status)
    return fail({error_kind::corrupt, "custom", "outcome not readable"});
  return custom_outcome{static_cast<int>(*status), text_of(object, "shown")};
}

std::string reference_of(const step_ref& ref) {
  byte_writer w(128);
  for (const auto* part : {&ref.hub, &ref.order_id, &ref.step, &ref.attempt})
    w.str16(*part);
  const auto digest = sha256_of(w.view());
  constexpr std::size_t bytes = 16;
  return "oh-" + hex_of(std::span(digest).first(bytes));
}

operation<custom_outcome> call(const description_ptr& what, const step_ref& ref,
                               const values& with) {
  auto all = with;
  all["reference"] = reference_of(ref);
  all["hub"] = ref.hub;
  raw_operation raw;
  raw.name = what->operation;
  raw.vendor = what->vendor;
  raw.call_class = "write";
  raw.lookup_class = "read";
  raw.ref = ref;
  raw.request = request_of(*what, all);
  raw.key_header = what->key_header;
  raw.deadline_ms = what->deadline_ms;
  raw.retry.give_up_after_ms = what->give_up_after_ms;
  raw.doubt = what->doubt.policy;
  raw.event_wait_ms = what->doubt.event_wait_ms;
  raw.after_event = what->doubt.after_event;
  raw.key_life_ms = what->doubt.key_life_ms.value_or(0);
  raw.absence_after_ms = what->doubt.absence_after_ms.value_or(what->absence_after_ms);
  raw.parse = [what](const http_response& response) { return parse(*what, response); };
  if (what->look_up) {
    raw.lookup = [what, all](const sent_request& sent) {
      auto with_key = all;
      with_key["key"] = sent.key;
      return http_request{"GET", what->look_up->path.filled_path(with_key), what->headers, {}};
    };
    raw.read_lookup = [what, all](const sent_request& sent, const http_response& response) {
      auto with_key = all;
      with_key["key"] = sent.key;
      return read_lookup(*what, with_key, response);
    };
  }
  return {std::move(raw)};
}

operation<custom_outcome> gone(const description_ptr& what, const step_ref& ref) {
  raw_operation raw;
  raw.name = what->operation;
  raw.vendor = what->vendor;
  raw.call_class = "write";
  raw.ref = ref;
  raw.parse = [what](const http_response&) -> result<std::string> {
    return fail({error_kind::in_doubt, what->operation, "it is not configured any more"});
  };
  return {std::move(raw)};
}

} // namespace orderhub::providers::custom
