#include "providers/stripe/refund.hpp"

#include "providers/json_fields.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.refund";
constexpr std::string_view look_up_where = "stripe.refund.look_up";

bool is_standing(std::string_view status) {
  return status == "succeeded" || status == "pending" || status == "requires_action";
}

bool is_dead(std::string_view status) {
  return status == "failed" || status == "canceled";
}

error refused(std::string_view status) {
  return {error_kind::rejected, std::string(where), "refund " + std::string(status)};
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200) {
    error e = wire::classify_write(response, where);
    if (response.status == 400 && wire::read_error(response).code == "charge_already_refunded")
      e.kind = error_kind::in_doubt_stored;
    return fail(std::move(e));
  }
  const auto object = pick<json>(response.body, {"id", "status"});
  const refund_outcome outcome =
      object ? refund_outcome{text_of(*object, "id"), text_of(*object, "status")}
             : refund_outcome{};
  if (!outcome.refund_id.empty() && is_dead(outcome.status))
    return fail(refused(outcome.status));
  if (outcome.refund_id.empty() || !is_standing(outcome.status))
    return fail({error_kind::in_doubt, std::string(where), "unreadable success body"});
  return outcome.encode();
}

http_request look_up(const sent_request& sent) {
  form query;
  query.add("payment_intent", form_value(sent.request.body, "payment_intent").value_or(""))
      .add("limit", 100)
      .add("expand[]", "data.charge"); // Says whether the charge is refunded in full.
  return wire::get("/v1/refunds?" + query.text());
}

/// What others' refunds amount to.
struct cover {
  std::int64_t sum = 0;
  std::string refund_id; ///< The newest of them.
  std::string status;
  std::optional<bool> in_full; ///< Where the vendor expanded the charge.
};

void add_to(cover& others, const json& object) {
  others.sum += integer_of(object, "amount").value_or(0);
  if (others.refund_id.empty()) {
    others.refund_id = text_of(object, "id");
    others.status = text_of(object, "status");
  }
  if (const json* charge = member(object, "charge"); charge && charge->is_object())
    if (const json* flag = member(*charge, "refunded"); flag && flag->is_boolean())
      others.in_full = flag->get<bool>();
}

bool covers(const cover& others, std::int64_t amount) {
  if (others.refund_id.empty())
    return false;
  return amount > 0 ? others.sum >= amount : others.in_full.value_or(true);
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
  const std::string intent = form_value(sent.request.body, "payment_intent").value_or("");
  const std::string amount_text = form_value(sent.request.body, "amount").value_or("0");
  std::int64_t amount = 0;
  std::from_chars(amount_text.data(), amount_text.data() + amount_text.size(), amount);

  look_up_answer answer;
  answer.what = kind::absent;
  answer.evidence = "no refund with this order, step and attempt";
  cover others;
  for (const json& object : *data) {
    if (const std::string of = id_of(object, "payment_intent"); !of.empty() && of != intent)
      continue; // The filter was not honoured.
    const std::string id = text_of(object, "id");
    const std::string status = text_of(object, "status");
    const json* metadata = member(object, "metadata");
    const step_ref ref = metadata
                             ? step_ref{text_of(*metadata, "order_id"), text_of(*metadata, "step"),
                                        text_of(*metadata, "attempt")}
                             : step_ref{};
    if (ref == wanted) {
      if (id.empty() || (!is_standing(status) && !is_dead(status)))
        return wire::unknown(response, look_up_where);
      answer.evidence = id + " " + status + ", by metadata";
      if (is_standing(status)) {
        answer.what = kind::found;
        answer.value = refund_outcome{id, status}.encode();
        return answer;
      }
      answer.what = kind::refused;
      answer.failure = refused(status);
    } else if (is_standing(status) && !id.empty() &&
               (ref.step.empty() || (ref.order_id == wanted.order_id && ref.step == wanted.step))) {
      add_to(others, object);
    }
  }
  if (covers(others, amount)) {
    answer.what = kind::found;
    answer.value = refund_outcome{others.refund_id, others.status}.encode();
    answer.failure = {};
    const bool proven = amount > 0 || others.in_full.has_value();
    answer.evidence = others.refund_id + " " + others.status +
                      (proven ? ", covers the amount" : ", another's; full amount not shown");
    return answer;
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

std::string refund_outcome::encode() const {
  return dump(json{{"refund_id", refund_id}, {"status", status}});
}

result<refund_outcome> refund_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  refund_outcome outcome{text_of(object, "refund_id"), text_of(object, "status")};
  if (outcome.refund_id.empty() || outcome.status.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<refund_outcome> refund(const refund_request& request) {
  form body;
  body.add("payment_intent", request.payment_intent_id);
  if (request.amount_minor > 0)
    body.add("amount", request.amount_minor);
  wire::add_metadata(body, {request.order_id, request.step, request.attempt});

  raw_operation raw;
  raw.name = where;
  raw.vendor = "stripe";
  raw.call_class = "write";
  raw.request = wire::post("/v1/refunds", body.text());
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
