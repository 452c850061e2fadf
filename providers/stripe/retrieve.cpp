#include "providers/stripe/retrieve.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/stripe/intent.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.retrieve";

result<std::string> parse(const http_response& response) {
  auto state = read_intent_state(response);
  if (!state)
    return state.failure();
  return state->encode();
}

} // namespace

result<intent_state> read_intent_state(const http_response& response) {
  if (response.status != 200)
    return fail(wire::classify_read(response, where));
  auto read = wire::read_intent_text<json>(response.body);
  if (!read)
    return fail(refusal(error_kind::unavailable, where, "unreadable success body", response));
  return intent_state{std::move(read->id),
                      read->status,
                      read->amount.value_or(0),
                      read->amount_received.value_or(0),
                      std::move(read->currency),
                      std::move(read->charge_id),
                      read->decline_code.empty() ? read->code : read->decline_code,
                      secret(std::move(read->client_secret))};
}

std::string intent_state::encode() const {
  return dump(json{{"payment_intent_id", payment_intent_id},
                   {"status", name_of(status)},
                   {"amount", amount},
                   {"amount_received", amount_received},
                   {"currency", currency},
                   {"charge_id", charge_id},
                   {"decline_code", decline_code}});
}

result<intent_state> intent_state::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto status = payment_status_of(text_of(object, "status"));
  intent_state state{text_of(object, "payment_intent_id"),
                     status.value_or(payment_status::processing),
                     integer_of(object, "amount").value_or(0),
                     integer_of(object, "amount_received").value_or(0),
                     text_of(object, "currency"),
                     text_of(object, "charge_id"),
                     text_of(object, "decline_code"),
                     {}};
  if (!status || state.payment_intent_id.empty())
    return fail({error_kind::corrupt, std::string(where), "state not readable"});
  return state;
}

operation<intent_state> retrieve(const retrieve_request& request) {
  raw_operation raw;
  raw.name = where;
  raw.vendor = "stripe";
  raw.call_class = "read";
  raw.ref = request.ref;
  raw.request =
      wire::get(std::string(wire::intents_path) + percent_encode(request.payment_intent_id));
  raw.deadline_ms = deadline_ms;
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.parse = &parse;
  raw.is_about = &wire::is_about_named<json>;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
