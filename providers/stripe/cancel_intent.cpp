#include "providers/stripe/cancel_intent.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/stripe/intent.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.cancel_intent";
constexpr std::string_view lookup_where = "stripe.cancel_intent.lookup";
constexpr std::string_view target_suffix = "/cancel";

result<std::string> parse(const http_response& response) {
  if (response.status == 400) {
    // The state was not one to cancel from. The error carries the intent, mostly.
    const auto body = pick<json>(response.body, {"error"});
    const json* what = body ? member(*body, "error") : nullptr;
    if (what && text_of(*what, "code") == "payment_intent_unexpected_state") {
      const json* object = member(*what, "payment_intent");
      const auto read = object ? wire::read_intent(*object) : std::nullopt;
      if (read && read->status == payment_status::canceled)
        return cancel_intent_outcome{read->id}.encode();
      if (read && read->status == payment_status::succeeded)
        return fail(refusal(error_kind::rejected, where, name_of(read->status), response));
      // The bank is at it: it cannot be cancelled now, and this answer is stored under the key.
      // What becomes of it is looked up.
      if (read && read->status == payment_status::processing)
        return fail(refusal(error_kind::in_doubt_stored, where, name_of(read->status), response));
      return fail(refusal(error_kind::done_before, where, "unexpected state", response));
    }
  }
  if (response.status != 200)
    return fail(wire::classify_write(response, where));
  const auto read = wire::read_intent_text<json>(response.body);
  if (!read)
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  if (read->status != payment_status::canceled)
    return fail(refusal(error_kind::in_doubt_stored, where, name_of(read->status), response));
  return cancel_intent_outcome{read->id}.encode();
}

http_request lookup(const sent_request& sent) {
  std::string target = sent.request.target;
  if (target.ends_with(target_suffix))
    target.resize(target.size() - target_suffix.size());
  return wire::get(std::move(target));
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  lookup_finding answer;
  if (wire::is_missing(response)) { // Nothing that could become money.
    answer.kind = kind::absent;
    answer.evidence = "no such payment intent";
    return answer;
  }
  const auto read =
      response.status == 200 ? wire::read_intent_text<json>(response.body) : std::nullopt;
  if (!read || !wire::is_about_named<json>(sent, response))
    return unknown(wire::classify_read(response, lookup_where));
  answer.evidence = read->id + " " + name_of(read->status);
  switch (read->status) {
  case payment_status::canceled:
    answer.kind = kind::found;
    answer.value = cancel_intent_outcome{read->id}.encode();
    break;
  case payment_status::succeeded:
    answer.kind = kind::refused;
    answer.failure = {error_kind::rejected, std::string(where), name_of(read->status)};
    break;
  case payment_status::processing:
    answer.kind = kind::running;
    break;
  default:
    answer.kind = kind::absent;
  }
  return answer;
}

} // namespace

std::string cancel_intent_outcome::encode() const {
  return dump(json{{"payment_intent_id", payment_intent_id}});
}

result<cancel_intent_outcome> cancel_intent_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  cancel_intent_outcome outcome{text_of(object, "payment_intent_id")};
  if (outcome.payment_intent_id.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<cancel_intent_outcome> cancel_intent(const cancel_intent_request& request) {
  form body;
  body.add("cancellation_reason", "requested_by_customer");
  std::string target(wire::intents_path);
  target.append(percent_encode(request.payment_intent_id)).append(target_suffix);

  auto raw = wire::keyed_write(where, request.ref, wire::post(std::move(target), body.text()),
                               {&parse, &lookup, &read_lookup});
  raw.lookup_class = "read";
  raw.compensates = true;
  raw.is_about = &wire::is_about_named<json>;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
