#include "providers/stripe/retrieve_refund.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/stripe/intent.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.retrieve_refund";
constexpr std::string_view path = "/v1/refunds/";

result<std::string> parse(const http_response& response) {
  if (response.status != 200)
    return fail(wire::classify_read(response, where));
  const auto object = pick<json>(response.body, {"id", "status", "amount", "failure_reason"});
  refund_state state;
  if (object)
    state = {text_of(*object, "id"), text_of(*object, "status"),
             integer_of(*object, "amount").value_or(0),
             code_or_empty(text_of(*object, "failure_reason"))};
  if (state.refund_id.empty() || !refund_stand_of(state.status))
    return fail(refusal(error_kind::unavailable, where, "unreadable success body", response));
  return state.encode();
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"object", "id"});
  return object && wire::is_kind(*object, "refund") &&
         sent.request.target == std::string(path) + percent_encode(text_of(*object, "id"));
}

} // namespace

std::optional<refund_stand> refund_stand_of(std::string_view status) {
  if (status == "succeeded")
    return refund_stand::given_back;
  if (status == "pending" || status == "requires_action")
    return refund_stand::on_its_way;
  if (status == "failed" || status == "canceled")
    return refund_stand::refused;
  return std::nullopt;
}

std::string refund_state::encode() const {
  json object = {{"refund_id", refund_id}, {"status", status}, {"amount", amount}};
  if (!failure_reason.empty())
    object["failure_reason"] = failure_reason;
  return dump(object);
}

result<refund_state> refund_state::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  refund_state state{text_of(object, "refund_id"), text_of(object, "status"),
                     integer_of(object, "amount").value_or(0), text_of(object, "failure_reason")};
  if (state.refund_id.empty() || !refund_stand_of(state.status))
    return fail({error_kind::corrupt, std::string(where), "state not readable"});
  return state;
}

operation<refund_state> retrieve_refund(const retrieve_refund_request& request) {
  raw_operation raw;
  raw.name = where;
  raw.vendor = "stripe";
  raw.call_class = "read";
  raw.ref = request.ref;
  raw.request = wire::get(std::string(path) + percent_encode(request.refund_id));
  raw.deadline_ms = deadline_ms;
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.parse = &parse;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
