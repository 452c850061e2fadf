#include "providers/twilio/read_sms.hpp"

#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/twilio/wire.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::twilio {

namespace {

using nlohmann::json;
constexpr std::string_view where = "twilio.read_sms";

result<std::string> parse(const http_response& response) {
  if (response.status == 404)
    return fail(refusal(error_kind::invalid, where, "404: no such message", response));
  if (response.status != 200)
    return fail(wire::classify_read(response, where));
  const auto message = pick<json>(response.body, {"sid", "status", "error_code"});
  const sms_outcome outcome =
      message ? sms_outcome{text_of(*message, "sid"), text_of(*message, "status")} : sms_outcome();
  if (!wire::is_message_sid(outcome.sid) || code_or_empty(outcome.status).empty())
    return fail(refusal(error_kind::unavailable, where, "unreadable success body", response));
  if (wire::has_failed(outcome.status))
    return fail(refusal(error_kind::rejected, where,
                        wire::failure_text(outcome.status, integer_of(*message, "error_code")),
                        response));
  return outcome.encode();
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto message = pick<json>(response.body, {"sid"});
  return message &&
         sent.request.target.ends_with('/' + percent_encode(text_of(*message, "sid")) + ".json");
}

} // namespace

bool is_final(std::string_view status) {
  return status == "delivered" || status == "read" || wire::has_failed(status);
}

operation<sms_outcome> read_sms(const read_sms_request& request) {
  raw_operation raw;
  raw.name = where;
  raw.vendor = "twilio";
  raw.call_class = "read";
  raw.ref = request.ref;
  raw.request = {"GET", "/Messages/" + percent_encode(request.sid) + ".json", {}, {}};
  raw.deadline_ms = 15'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.parse = &parse;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::twilio
