#include "providers/stripe/charge.hpp"

#include "providers/stripe/intent.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.charge";
constexpr std::string_view look_up_where = "stripe.charge.look_up";

charge_outcome outcome_of(const wire::intent& read) {
  return {read.id, read.status, read.charge_id, read.amount_received,
          read.decline_code.empty() ? read.code : read.decline_code};
}

error declined(const wire::intent& read) {
  const bool has_reason = !read.code.empty() || !read.decline_code.empty();
  return {error_kind::rejected, std::string(where),
          has_reason ? wire::decline_text(read.code, read.decline_code) : name_of(read.status)};
}

bool is_dead(payment_status status) {
  return status == payment_status::requires_payment_method || status == payment_status::canceled;
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200)
    return fail(wire::classify_write(response, where));
  const auto read = wire::read_intent_text<json>(response.body);
  if (!read)
    return fail({error_kind::in_doubt, std::string(where), "unreadable success body"});
  if (is_dead(read->status))
    return fail(declined(*read));
  return outcome_of(*read).encode();
}

http_request look_up(const sent_request& sent) {
  // A minute of margin for the difference between the clocks.
  form query;
  query.add("created[gte]", sent.first_sent_at / 1'000 - 60).add("limit", 100);
  return wire::get("/v1/payment_intents?" + query.text());
}

look_up_answer read_look_up(const sent_request& sent, const http_response& response) {
  using kind = look_up_answer::kind;
  if (response.status != 200)
    return wire::unknown(response, look_up_where);
  const auto list = pick<json>(response.body, {"data", "has_more"});
  const json* data = list ? member(*list, "data") : nullptr;
  if (!data || !data->is_array())
    return wire::unknown(response, look_up_where);

  const step_ref wanted = wire::ref_in(sent.request);
  const std::string amount = form_value(sent.request.body, "amount").value_or("");
  const std::string currency = form_value(sent.request.body, "currency").value_or("");
  look_up_answer answer;
  answer.what = kind::absent;
  answer.evidence = "no payment intent with this order, step and attempt";
  for (const json& object : *data) {
    const json* metadata = member(object, "metadata");
    if (!metadata || text_of(*metadata, "order_id") != wanted.order_id ||
        text_of(*metadata, "step") != wanted.step ||
        text_of(*metadata, "attempt") != wanted.attempt)
      continue;
    const auto read = wire::read_intent(object);
    if (!read) // Ours, and not readable: neither proof nor absence.
      return wire::unknown(response, look_up_where);
    if (std::to_string(read->amount) != amount || read->currency != currency)
      continue;
    if (read->status == payment_status::requires_confirmation ||
        (read->status == payment_status::requires_payment_method && !read->has_error)) {
      // Made, never tried: no money can have moved, but the request may still be at it. That is
      // what `absent` means, settle time and second look included.
      answer.evidence = read->id + " " + name_of(read->status);
      continue;
    }
    answer.evidence = read->id + " " + name_of(read->status);
    if (!is_dead(read->status)) {
      answer.what = kind::found;
      answer.value = outcome_of(*read).encode();
      return answer;
    }
    answer.what = kind::refused;
    answer.failure = declined(*read);
  }
  const json* has_more = member(*list, "has_more");
  if (answer.what == kind::absent && has_more && has_more->is_boolean() && has_more->get<bool>()) {
    const std::string last = data->empty() ? std::string() : text_of(data->back(), "id");
    if (last.empty())
      return wire::unknown(response, look_up_where);
    answer.next = look_up(sent);
    answer.next->target += "&starting_after=" + percent_encode(last);
  }
  return answer;
}

} // namespace

std::string charge_outcome::encode() const {
  json object = {{"payment_intent_id", payment_intent_id},
                 {"status", name_of(status)},
                 {"charge_id", charge_id},
                 {"amount_received", amount_received}};
  if (!decline_code.empty())
    object["decline_code"] = decline_code;
  return dump(object);
}

result<charge_outcome> charge_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto status = payment_status_of(text_of(object, "status"));
  charge_outcome outcome{text_of(object, "payment_intent_id"),
                         status.value_or(payment_status::processing), text_of(object, "charge_id"),
                         integer_of(object, "amount_received").value_or(0),
                         text_of(object, "decline_code")};
  if (!status || outcome.payment_intent_id.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<charge_outcome> charge(const charge_request& request) {
  std::string currency = request.currency;
  std::transform(currency.begin(), currency.end(), currency.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  form body;
  body.add("amount", request.amount_minor)
      .add("currency", currency)
      .add("payment_method", request.payment_method);
  if (!request.customer.empty())
    body.add("customer", request.customer);
  body.add("confirm", "true").add("payment_method_types[]", "card");
  wire::add_metadata(body, {request.order_id, request.step, request.attempt});

  raw_operation raw;
  raw.name = where;
  raw.vendor = "stripe";
  raw.call_class = "write";
  raw.request = wire::post("/v1/payment_intents", body.text());
  raw.key_header = idempotency_header;
  raw.deadline_ms = deadline_ms;
  raw.doubt = doubt_policy::replay_key;
  raw.look_up_settle_ms = settle_ms;
  raw.key_life_ms = key_life_ms;
  raw.parse = &parse;
  raw.look_up = &look_up;
  raw.read_look_up = &read_look_up;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
