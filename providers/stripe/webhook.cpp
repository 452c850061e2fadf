#include "providers/stripe/webhook.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"
#include "providers/webhooks/signature.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
using webhooks::delivery;
using webhooks::event;
using webhooks::event_kind;
using webhooks::refusal;
using webhooks::verification;

constexpr std::int64_t retry_window_ms = std::int64_t{3} * 24 * 3'600'000;

// -- The signature

struct signature_header {
  std::string_view time;
  std::vector<std::string_view> digests;
};

/// Nothing where it is not what Stripe sends.
std::optional<signature_header> read_header(std::string_view text) {
  constexpr std::size_t digests_max = 16; // One for each active secret.
  signature_header header;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      return std::nullopt;
    const auto name = part.substr(0, equals);
    const auto value = part.substr(equals + 1);
    if (name == "t") {
      if (!header.time.empty())
        return std::nullopt;
      header.time = value;
    } else if (name == "v1" && header.digests.size() < digests_max) {
      header.digests.push_back(value);
    }
  }
  if (!webhooks::digits_of(header.time) || header.digests.empty())
    return std::nullopt;
  return header;
}

verification verify(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view /*public_url*/) {
  if (!webhooks::has_believed(secrets))
    return {refusal::no_secret, {}};
  const auto given = webhooks::header_of(received, "stripe-signature");
  if (given.text.empty())
    return {refusal::no_signature, {}};
  const auto header = given.is_repeated ? std::nullopt : read_header(given.text);
  if (!header)
    return {refusal::malformed, {}};
  const auto signs = [&](std::string_view key, std::string_view body) {
    const auto digest =
        webhooks::hmac_hex(webhooks::hash_algorithm::sha256, key, {header->time, ".", body});
    return std::any_of(header->digests.begin(), header->digests.end(),
                       [&](std::string_view one) { return webhooks::are_same(digest, one); });
  };
  return webhooks::judge_body(received, secrets, signs, webhooks::digits_of(header->time));
}

// -- The event

/// What the type alone says. Charges, refunds and disputes also have a status, read below.
constexpr std::array<webhooks::named_kind, 5> intent_rows = {{
    {"payment_intent.succeeded", event_kind::payment_succeeded},
    {"payment_intent.processing", event_kind::payment_processing},
    {"payment_intent.requires_action", event_kind::payment_requires_action},
    {"payment_intent.payment_failed", event_kind::payment_failed},
    {"payment_intent.canceled", event_kind::payment_failed},
}};

/// The codes of a failure: `card_declined`, or the more exact `insufficient_funds`.
std::string failure_code(const json& failure) {
  const auto decline = webhooks::code_of(text_of(failure, "decline_code"));
  return decline.empty() ? webhooks::code_of(text_of(failure, "code")) : decline;
}

void read_intent(event& e, const json& object) {
  e.kind = webhooks::kind_of(e.type, intent_rows);
  webhooks::add_vendor_id(e, text_of(object, "id"));
  webhooks::add_vendor_id(e, id_of(object, "latest_charge"));
  const auto received = integer_of(object, "amount_received");
  const bool is_paid = e.kind == event_kind::payment_succeeded;
  e.amount = (is_paid && received ? received : integer_of(object, "amount")).value_or(-1);
  if (e.kind != event_kind::payment_failed)
    return;
  if (const json* failure = member(object, "last_payment_error"))
    e.code = failure_code(*failure);
  if (e.type == "payment_intent.canceled") {
    const auto reason = webhooks::code_of(text_of(object, "cancellation_reason"));
    e.code = reason.empty() ? "canceled" : "canceled." + reason;
  }
}

/// A charge is money only when it has succeeded and is captured: `charge.succeeded` also comes of
/// an authorization, and of a bank debit while it is `pending`.
void read_charge(event& e, const json& object) {
  const auto status = text_of(object, "status");
  const json* captured = member(object, "captured");
  const bool is_captured = !captured || *captured != json(false);
  e.amount = integer_of(object, "amount").value_or(-1);
  if (e.type == "charge.refunded") {
    e.kind = event_kind::payment_refunded;
    e.amount = integer_of(object, "amount_refunded").value_or(-1);
    e.is_total = true;
  } else if (e.type == "charge.failed") {
    e.kind = event_kind::payment_failed;
    e.code = webhooks::code_of(text_of(object, "failure_code"));
  } else if (e.type == "charge.succeeded" || e.type == "charge.captured") {
    if (status == "pending")
      e.kind = event_kind::payment_processing;
    else if (is_captured)
      e.kind = event_kind::payment_succeeded;
    e.amount = integer_of(object, "amount_captured").value_or(e.amount);
  } else if (e.type == "charge.pending") {
    e.kind = event_kind::payment_processing;
  }
  webhooks::add_vendor_id(e, text_of(object, "id"));
  webhooks::add_vendor_id(e, id_of(object, "payment_intent"));
}

/// Of a refund or a dispute: its own, and those of the payment.
void add_ids_of_payment(event& e, const json& object) {
  webhooks::add_vendor_id(e, text_of(object, "id"));
  webhooks::add_vendor_id(e, id_of(object, "payment_intent"));
  webhooks::add_vendor_id(e, id_of(object, "charge"));
}

void read_refund(event& e, const json& object) {
  const auto status = text_of(object, "status");
  if (status == "succeeded")
    e.kind = event_kind::payment_refunded;
  else if (status == "pending" || status == "requires_action")
    e.kind = event_kind::refund_pending;
  else if (status == "failed" || status == "canceled" || e.type == "refund.failed")
    e.kind = event_kind::refund_failed;
  e.amount = integer_of(object, "amount").value_or(-1);
  e.code = webhooks::code_of(text_of(object, "failure_reason"));
  add_ids_of_payment(e, object);
}

/// An inquiry that is closed without a chargeback (`warning_closed`) is no loss.
void read_dispute(event& e, const json& object) {
  const auto status = text_of(object, "status");
  if (status == "won" || status == "warning_closed")
    e.kind = event_kind::dispute_won;
  else if (status == "lost")
    e.kind = event_kind::dispute_lost;
  else if (status == "needs_response" || status == "under_review" ||
           status == "warning_needs_response" || status == "warning_under_review" ||
           e.type == "charge.dispute.created")
    e.kind = event_kind::dispute_opened;
  e.amount = integer_of(object, "amount").value_or(-1);
  e.code = webhooks::code_of(text_of(object, "reason"));
  add_ids_of_payment(e, object);
}

/// By what the object is: a refund is one in `refund.updated` and in `charge.refund.updated`.
void read_object(event& e, const json& object) {
  const auto what = text_of(object, "object");
  const std::string_view type = e.type;
  if (what == "payment_intent" && type.starts_with("payment_intent."))
    read_intent(e, object);
  else if (what == "charge" && type.starts_with("charge."))
    read_charge(e, object);
  else if (what == "refund" && (type.starts_with("refund.") || type.starts_with("charge.refund.")))
    read_refund(e, object);
  else if (what == "dispute" && type.starts_with("charge.dispute."))
    read_dispute(e, object);
  else
    return;
  e.currency = webhooks::currency_of(text_of(object, "currency"));
  if (const json* metadata = member(object, "metadata")) {
    e.about = webhooks::ref_in(*metadata);
    e.generation = webhooks::generation_of(text_of(*metadata, "generation"));
  }
}

webhooks::reading read(const delivery& received, const step_ref& /*ours*/) {
  const auto body =
      pick<json>(received.body, {"id", "type", "created", "livemode", "data", "request"});
  if (!body)
    return webhooks::unreadable("The body is not one JSON object.");
  event e;
  e.id = webhooks::known_id(text_of(*body, "id"));
  e.type = webhooks::word_of(text_of(*body, "type"));
  if (e.id.empty() || e.type.empty())
    return webhooks::unreadable("The event has no id or no type.");
  e.at_ms = webhooks::ms_of_seconds(integer_of(*body, "created"));
  const json* live = member(*body, "livemode");
  e.is_live = !live || *live != json(false);
  // An object since 2017; the id of the request as a text before.
  if (const json* request = member(*body, "request"))
    e.idempotency_key = webhooks::bounded(text_of(*request, "idempotency_key"));
  const json* data = member(*body, "data");
  const json* object = data ? member(*data, "object") : nullptr;
  if (object && object->is_object())
    read_object(e, *object);
  // What the dashboard sends to try an address.
  if (e.id.starts_with("evt_00000000"))
    e.kind = event_kind::handshake;
  return webhooks::only(std::move(e));
}

} // namespace

webhooks::source webhook_source() {
  return {"stripe", "stripe.webhook_secret", verify, read, retry_window_ms, "client_secret"};
}

} // namespace orderhub::providers::stripe
