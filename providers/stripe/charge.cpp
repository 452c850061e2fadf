#include "providers/stripe/charge.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/stripe/intent.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.charge";
constexpr std::string_view lookup_where = "stripe.charge.lookup";

charge_outcome outcome_of(const wire::intent& read) {
  return {read.id, read.status, read.charge_id, read.amount_received.value_or(0),
          read.decline_code.empty() ? read.code : read.decline_code};
}

/// Of several payments of one attempt, which are all ours and all whole.
lookup_finding found_among(std::vector<wire::intent> standing) {
  const auto is_money = [](const wire::intent& read) {
    return read.status == payment_status::succeeded;
  };
  const auto money = std::find_if(standing.begin(), standing.end(), is_money);
  if (money != standing.end())
    std::rotate(standing.begin(), money, money + 1);
  auto outcome = outcome_of(standing.front());
  lookup_finding answer;
  answer.kind = finding_kind::found;
  answer.evidence = outcome.payment_intent_id + " " + name_of(outcome.status);
  for (std::size_t i = 1; i < standing.size() && outcome.extra.size() < extra_max; ++i) {
    outcome.extra.push_back({standing[i].id, standing[i].status});
    answer.evidence += "; and also " + standing[i].id + " " + name_of(standing[i].status);
  }
  answer.value = outcome.encode();
  return answer;
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
  if (!read || !read->amount || read->currency.empty())
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  if (is_dead(read->status))
    return fail(declined(*read));
  return outcome_of(*read).encode();
}

/// What the request was to take.
bool is_over_amount(const sent_request& sent, const wire::intent& read) {
  return read.amount &&
         std::to_string(*read.amount) == form_value(sent.request.body, "amount").value_or("") &&
         read.currency == form_value(sent.request.body, "currency").value_or("") && read.is_whole();
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto read = wire::read_intent_text<json>(response.body);
  return read && is_over_amount(sent, *read) && wire::is_of_account(sent, read->is_live) &&
         (read->ref.order_id.empty() ||
          wire::is_made_by(wire::ref_in(sent.request), read->ref, true));
}

http_request lookup(const sent_request& sent) {
  form query;
  query.add("created[gte]", window_begin(sent) / 1'000);
  if (sent.until > 0)
    query.add("created[lte]", sent.until / 1'000 + 1);
  query.add("limit", 100);
  return wire::get("/v1/payment_intents?" + query.text());
}

/// Made, never tried: no money can have moved, but the request may still be at it. That is what
/// `absent` means, absence time and second look included.
bool is_untried(const wire::intent& read) {
  return read.status == payment_status::requires_confirmation ||
         (read.status == payment_status::requires_payment_method && !read.has_error);
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  if (response.status != 200)
    return unknown(wire::classify_read(response, lookup_where));
  const auto list = wire::read_page<json>(response, "payment_intents");
  if (!list)
    return unknown(wire::classify_read(response, lookup_where));

  const step_ref wanted = wire::ref_in(sent.request);
  const std::string amount = form_value(sent.request.body, "amount").value_or("");
  const std::string currency = form_value(sent.request.body, "currency").value_or("");
  lookup_finding answer;
  answer.kind = kind::absent;
  answer.evidence = "no payment intent of this hub, order, step and attempt";
  bool is_unreadable = false;
  std::vector<wire::intent> standing;
  for (const json& object : list->data) {
    if (!wire::is_kind(object, "payment_intent")) { // A list of something else.
      is_unreadable = true;
      continue;
    }
    if (!wire::is_made_by(wanted, wire::ref_of(object), sent.since == 0))
      continue;
    const auto read = wire::read_intent(object);
    if (!read || !wire::is_of_account(sent, read->is_live)) {
      is_unreadable = true; // Ours, and not readable: neither proof nor absence.
      continue;
    }
    const std::string seen = read->id + " " + name_of(read->status);
    if (!is_over_amount(sent, *read)) {
      if (is_untried(*read) || is_dead(read->status))
        continue; // No money, and none to come.
      answer.kind = kind::differs;
      answer.failure = {};
      answer.evidence = seen + ": " + tables::shown({read->amount.value_or(0), read->currency}) +
                        ", wanted " +
                        tables::shown({std::strtoll(amount.c_str(), nullptr, 10), currency});
    } else if (is_untried(*read)) {
      if (answer.kind == kind::absent)
        answer.evidence = seen;
    } else if (!is_dead(read->status)) {
      standing.push_back(*read);
    } else if (answer.kind == kind::absent) {
      answer.kind = kind::refused;
      answer.failure = declined(*read);
      answer.evidence = seen;
    }
  }
  if (!standing.empty())
    return found_among(std::move(standing));
  if (is_unreadable)
    return unknown(refusal(error_kind::unavailable, lookup_where,
                           "an entry of the list is not readable", response));
  if (list->has_more) {
    const std::string last = list->data.empty() ? std::string() : text_of(list->data.back(), "id");
    if (last.empty())
      return unknown(wire::classify_read(response, lookup_where));
    answer.next = lookup(sent);
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
  for (const auto& other : extra)
    object["extra"].push_back(
        {{"payment_intent_id", other.payment_intent_id}, {"status", name_of(other.status)}});
  return dump(object);
}

result<charge_outcome> charge_outcome::decode(std::string_view text) {
  const auto object = pick<json>(text, {"payment_intent_id", "status", "charge_id",
                                        "amount_received", "decline_code", "extra"})
                          .value_or(json());
  const auto status = payment_status_of(text_of(object, "status"));
  charge_outcome outcome{text_of(object, "payment_intent_id"),
                         status.value_or(payment_status::processing), text_of(object, "charge_id"),
                         integer_of(object, "amount_received").value_or(0),
                         text_of(object, "decline_code")};
  bool is_readable = status && !outcome.payment_intent_id.empty();
  if (const json* extra = member(object, "extra"); extra && extra->is_array())
    for (const json& other : *extra) {
      const auto stands = payment_status_of(text_of(other, "status"));
      is_readable = is_readable && stands;
      outcome.extra.push_back(
          {text_of(other, "payment_intent_id"), stands.value_or(payment_status::processing)});
    }
  if (!is_readable)
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<charge_outcome> charge(const charge_request& request) {
  std::string currency = request.amount.currency;
  std::transform(currency.begin(), currency.end(), currency.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  form body;
  body.add("amount", request.amount.minor_units)
      .add("currency", currency)
      .add("payment_method", request.payment_method);
  if (!request.customer.empty())
    body.add("customer", request.customer);
  body.add("confirm", "true").add("payment_method_types[]", "card");
  wire::add_metadata(body, request.ref);

  auto raw = wire::keyed_write(where, request.ref, wire::post("/v1/payment_intents", body.text()),
                               {&parse, &lookup, &read_lookup});
  raw.regenerate = &wire::regenerate;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
