#include "providers/stripe/refund.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/stripe/intent.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.refund";
constexpr std::string_view lookup_where = "stripe.refund.lookup";

bool is_standing(std::string_view status) {
  return status == "succeeded" || status == "pending" || status == "requires_action";
}

bool is_dead(std::string_view status) {
  return status == "failed" || status == "canceled";
}

std::optional<json> read_refund(std::string_view text) {
  return pick<json>(
      text, {"object", "id", "status", "amount", "payment_intent", "metadata", "failure_reason"});
}

/// Whatever became of it.
bool is_refund(const json& object) {
  return wire::is_kind(object, "refund") && !text_of(object, "id").empty() &&
         integer_of(object, "amount").value_or(-1) >= 0;
}

/// Of one that was made and is dead, with the code that says why: `lost_or_stolen_card`.
error refused(const json& object) {
  std::string text = "refund " + text_of(object, "status");
  if (const std::string why = code_or_empty(text_of(object, "failure_reason")); !why.empty())
    text += ": " + why;
  return {error_kind::rejected, std::string(where), std::move(text)};
}

/// Refusals of a refund that Stripe has a reason of its own for.
error_kind kind_of_refusal(const wire::error_body& body, error_kind usual) {
  // Also without the code: Stripe answered "greater than unrefunded amount" without one.
  const bool is_above_left =
      body.is_above_unrefunded || (body.code == "amount_too_large" && !body.is_above_charge);
  if (body.code == "charge_already_refunded" || is_above_left)
    return error_kind::done_before;
  // The bank has taken the money back, or is about to: nothing of ours did.
  if (body.code == "charge_disputed" || body.code == "refund_disputed_payment")
    return error_kind::rejected;
  return usual;
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200) {
    error e = wire::classify_write(response, where);
    if (response.status == 400)
      e.kind = kind_of_refusal(wire::read_error(response), e.kind);
    return fail(std::move(e));
  }
  const auto object = read_refund(response.body);
  if (!object || !is_refund(*object))
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  const refund_outcome outcome{text_of(*object, "id"), text_of(*object, "status"),
                               integer_of(*object, "amount").value_or(0), 0};
  if (is_dead(outcome.status))
    return fail(refused(*object));
  if (!is_standing(outcome.status))
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return outcome.encode();
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = read_refund(response.body);
  const auto said = [&](std::string_view name) {
    return form_value(sent.request.body, name).value_or("");
  };
  const std::string intent = object ? id_of(*object, "payment_intent") : std::string();
  const std::string amount = said("amount");
  const step_ref ref = object ? wire::ref_of(*object) : step_ref{};
  return object && (intent.empty() || intent == said("payment_intent")) &&
         (amount.empty() || amount == std::to_string(integer_of(*object, "amount").value_or(0))) &&
         (ref.order_id.empty() || wire::is_made_by(wire::ref_in(sent.request), ref, true));
}

http_request lookup(const sent_request& sent) {
  form query;
  query.add("payment_intent", form_value(sent.request.body, "payment_intent").value_or(""))
      .add("limit", 100)
      .add("expand[]", "data.charge"); // Says what was paid, so what is left.
  return wire::get("/v1/refunds?" + query.text());
}

std::int64_t number_of(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The refunds of a payment that stand, none of them ours.
struct standing {
  std::int64_t listed = 0; ///< On this page.
  std::int64_t others = 0; ///< Of those, what no other step of ours made.
  std::string refund_id;   ///< The newest; of `others`, where there is one.
  std::string status;
  // Where the vendor expanded the charge: what it took, and what of all pages was given back.
  std::optional<std::int64_t> paid;
  std::int64_t refunded = 0;

  [[nodiscard]] std::int64_t sum() const { return std::max(listed, refunded); }
};

/// What the charge shows of the whole payment, whatever became of the refund it hangs on.
void read_charge(standing& all, const json& object) {
  const json* charge = member(object, "charge");
  if (!charge || !charge->is_object())
    return;
  const auto captured = integer_of(*charge, "amount_captured");
  all.paid = captured ? captured : integer_of(*charge, "amount");
  all.refunded = integer_of(*charge, "amount_refunded").value_or(0);
}

void add_to(standing& all, const json& object, bool is_of_another_step) {
  const std::int64_t amount = integer_of(object, "amount").value_or(0);
  all.listed += amount;
  if (all.refund_id.empty() || (!is_of_another_step && all.others == 0)) {
    all.refund_id = text_of(object, "id");
    all.status = text_of(object, "status");
  }
  if (!is_of_another_step)
    all.others += amount;
}

/// How much of a wanted amount can still be refunded beside what stands; nothing where all of it
/// can. `is_proven`: the vendor has said that not all of it can.
std::optional<std::int64_t> left_of(std::int64_t amount, const standing& all, bool is_proven) {
  if (all.sum() == 0)
    return std::nullopt;
  if (all.paid) {
    const std::int64_t left = std::max<std::int64_t>(0, *all.paid - all.sum());
    const bool is_all = amount > 0 ? left >= amount : left > 0;
    return is_all ? std::nullopt : std::optional(left);
  }
  // The charge is not shown: taken to be as large as what is to be given back. What other steps of
  // ours gave back is then no part of it.
  if (all.others == 0)
    return std::nullopt;
  if (amount == 0 || all.others >= amount)
    return 0;
  return is_proven ? std::optional(amount - all.others) : std::nullopt;
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  lookup_finding answer;
  answer.kind = kind::absent;
  answer.evidence = "no refund of this hub, order, step and attempt";
  if (response.status != 200) {
    error why = wire::classify_read(response, lookup_where);
    // The filter names the payment: one that this account does not have was never refunded here.
    if (const auto body = wire::read_error(response);
        body.code != "resource_missing" || body.param == "starting_after")
      return unknown(std::move(why));
    answer.evidence = "no such payment: " + why.message;
    return answer;
  }
  const auto list = wire::read_page<json>(response, "refunds");
  if (!list)
    return unknown(wire::classify_read(response, lookup_where));

  const step_ref wanted = wire::ref_in(sent.request);
  const std::string intent = form_value(sent.request.body, "payment_intent").value_or("");
  const std::int64_t amount = number_of(form_value(sent.request.body, "amount").value_or("0"));

  standing all;
  std::vector<refund_outcome> ours;
  bool is_unreadable = false;
  for (const json& object : list->data) {
    if (!is_refund(object)) {
      is_unreadable = true;
      continue;
    }
    if (const std::string of = id_of(object, "payment_intent"); !of.empty() && of != intent)
      continue; // The filter was not honoured.
    read_charge(all, object);
    const std::string id = text_of(object, "id");
    const std::string status = text_of(object, "status");
    const std::int64_t size = integer_of(object, "amount").value_or(0);
    const step_ref ref = wire::ref_of(object);
    if (!wire::is_made_by(wanted, ref, sent.since == 0)) {
      const bool is_of_another_step =
          !ref.step.empty() && (ref.order_id != wanted.order_id || ref.step != wanted.step);
      if (is_standing(status))
        add_to(all, object, is_of_another_step);
      continue;
    }
    if (!is_standing(status) && !is_dead(status)) {
      is_unreadable = true;
    } else if (!is_standing(status)) {
      if (answer.kind == kind::absent) {
        answer.kind = kind::refused;
        answer.failure = refused(object);
        answer.evidence = id + " " + status + ", by metadata";
      }
    } else if (amount > 0 && size != amount) {
      answer.kind = kind::differs;
      answer.failure = {};
      const auto currency = text_of(object, "currency");
      answer.evidence = id + " " + status + ": " + tables::shown({size, currency}) + ", wanted " +
                        tables::shown({amount, currency});
    } else {
      ours.push_back({id, status, size, 0, {}});
    }
  }
  if (!ours.empty()) {
    auto& made = ours.front();
    answer.kind = kind::found;
    answer.failure = {};
    answer.evidence = made.refund_id + " " + made.status + ", by metadata";
    for (std::size_t i = 1; i < ours.size() && made.extra_ids.size() < extra_max; ++i) {
      made.extra_ids.push_back(ours[i].refund_id);
      answer.evidence += "; and also " + ours[i].refund_id;
    }
    answer.value = made.encode();
    return answer;
  }
  if (is_unreadable)
    return unknown(refusal(error_kind::unavailable, lookup_where,
                           "an entry of the list is not readable", response));
  if (list->has_more) {
    // Others' refunds count on the last page only: before it ours may still come.
    const std::string last = list->data.empty() ? std::string() : text_of(list->data.back(), "id");
    if (last.empty())
      return unknown(wire::classify_read(response, lookup_where));
    answer.next = lookup(sent);
    answer.next->target += "&starting_after=" + percent_encode(last);
    return answer;
  }
  if (answer.kind == kind::differs)
    return answer;
  if (const auto left = left_of(amount, all, sent.since == 0)) {
    answer.kind = kind::found;
    answer.failure = {};
    const std::int64_t covered = amount > 0 ? amount - *left : all.sum();
    const std::string status = all.status.empty() ? "succeeded" : all.status;
    answer.value =
        refund_outcome{all.refund_id, *left == 0 ? status : "partial", covered, *left, {}}.encode();
    answer.evidence = (all.refund_id.empty() ? "an earlier page's" : all.refund_id) + " " + status +
                      ", another's; " + std::to_string(all.sum()) + " refunded, " +
                      std::to_string(*left) + " left";
    if (!all.paid)
      answer.evidence += ", the payment not shown";
  }
  return answer;
}

} // namespace

std::string refund_outcome::encode() const {
  json object = {{"refund_id", refund_id}, {"status", status}, {"refunded_minor", refunded_minor}};
  if (left_minor != 0)
    object["left_minor"] = left_minor;
  for (const auto& id : extra_ids)
    object["extra"].push_back(id);
  return dump(object);
}

result<refund_outcome> refund_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  refund_outcome outcome{text_of(object, "refund_id"),
                         text_of(object, "status"),
                         integer_of(object, "refunded_minor").value_or(0),
                         integer_of(object, "left_minor").value_or(0),
                         {}};
  if (const json* extra = member(object, "extra"); extra && extra->is_array())
    for (const json& id : *extra)
      if (id.is_string())
        outcome.extra_ids.push_back(id.get<std::string>());
  if (outcome.status.empty())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return outcome;
}

operation<refund_outcome> refund(const refund_request& request) {
  form body;
  body.add("payment_intent", request.payment_intent_id);
  if (request.amount.minor_units > 0)
    body.add("amount", request.amount.minor_units);
  wire::add_metadata(body, request.ref);

  auto raw = wire::keyed_write(where, request.ref, wire::post("/v1/refunds", body.text()),
                               {&parse, &lookup, &read_lookup});
  raw.compensates = true;
  raw.regenerate = &wire::regenerate;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::stripe
