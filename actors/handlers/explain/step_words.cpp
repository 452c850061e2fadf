#include "actors/handlers/explain/step_words.hpp"

#include "providers/github/create_deployment.hpp"
#include "providers/inventory/commit.hpp"
#include "providers/inventory/release.hpp"
#include "providers/inventory/reserve.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/create_shipment.hpp"
#include "providers/shippo/void_label.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/slack/post_webhook.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/stripe/retrieve.hpp"
#include "providers/tables/currencies.hpp"
#include "providers/twilio/send_sms.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace orderhub::handlers {

namespace {

using providers::raw_operation;
namespace github = providers::github;
namespace inventory = providers::inventory;
namespace sendgrid = providers::sendgrid;
namespace shippo = providers::shippo;
namespace slack = providers::slack;
namespace stripe = providers::stripe;
namespace twilio = providers::twilio;

constexpr std::string_view mail_twice = "the customer may have two mails";
constexpr std::string_view sms_twice = "the customer may have two SMS";
constexpr std::string_view message_twice = "the channel may show it twice";
constexpr std::string_view anything_twice = "it may exist twice";

struct named_words {
  std::string_view beginning;
  step_words words;
};

/// The first beginning counts.
constexpr std::array words = {
    named_words{"charge", {"the card", "charged", anything_twice}},
    named_words{"retrieve", {"the payment", "asked for", anything_twice}},
    named_words{"follow_payment", {"the payment", "asked for", anything_twice}},
    named_words{"follow_refund", {"the refund", "asked for", anything_twice}},
    named_words{"follow_tracking", {"the tracking number", "asked for", anything_twice}},
    named_words{"follow_pick_ticket", {"the pick ticket", "asked for", anything_twice}},
    named_words{"follow_pickup", {"the pickup", "asked for", anything_twice}},
    named_words{"follow_deployment", {"the deployment", "asked for", anything_twice}},
    named_words{"deploy", {"the deployment", "begun", anything_twice}},
    named_words{"close_payment", {"the payment", "closed", anything_twice}},
    named_words{"cancel_payment", {"the payment", "cancelled", anything_twice}},
    named_words{"withdraw_payment", {"the payment", "withdrawn", anything_twice}},
    named_words{"cancel_extra", {"the second payment", "cancelled", anything_twice}},
    named_words{"refund_of_label", {"the label's refund", "asked for", anything_twice}},
    named_words{"refund_extra", {"the second payment", "given back", anything_twice}},
    named_words{"refund", {"the money", "given back", anything_twice}},
    named_words{"reserve_stock", {"the stock", "reserved", anything_twice}},
    named_words{"commit_stock", {"the stock", "sold", anything_twice}},
    named_words{"release_stock", {"the stock", "released", anything_twice}},
    named_words{"validate_address", {"the address", "checked", anything_twice}},
    named_words{"shipment", {"the list of rates", "asked for", anything_twice}},
    named_words{"label", {"the label", "bought", anything_twice}},
    named_words{"void_label", {"the label", "given back", anything_twice}},
    named_words{"void_extra", {"the second label", "given back", anything_twice}},
    named_words{"register_tracking", {"the parcel", "registered for tracking", anything_twice}},
    named_words{"pick_ticket", {"the pick ticket", "made", anything_twice}},
    named_words{"pickup", {"the pickup", "booked", anything_twice}},
    named_words{"cancel_pick_ticket", {"the pick ticket", "called off", anything_twice}},
    named_words{"cancel_pickup", {"the pickup", "called off", anything_twice}},
    named_words{"read_", {"the job", "asked for", anything_twice}},
    named_words{"where_is_it", {"the parcel", "asked for", anything_twice}},
    named_words{"custom_", {"the provider", "told", "it may be told twice"}},
    named_words{"mail_", {"the mail", "sent", mail_twice}},
    named_words{"sms_", {"the SMS", "sent", sms_twice}},
    named_words{"announce_", {"the message", "posted", message_twice}},
};

/// The operations that act, as this program builds them: whose bytes they carry does not matter
/// here, since an intent brings its own.
std::optional<raw_operation> operation_of(std::string_view name) {
  if (name == "stripe.charge")
    return stripe::charge({}).raw;
  if (name == "stripe.refund")
    return stripe::refund({}).raw;
  if (name == "stripe.cancel_intent")
    return stripe::cancel_intent({}).raw;
  if (name == "shippo.buy_label")
    return shippo::buy_label({}).raw;
  if (name == "shippo.void_label")
    return shippo::void_label({}).raw;
  if (name == "shippo.create_shipment")
    return shippo::create_shipment({}).raw;
  if (name == "sendgrid.send_mail")
    return sendgrid::send_mail({}).raw;
  if (name == "slack.post_message")
    return slack::post_message({}).raw;
  if (name == "slack.post_webhook")
    return slack::post_webhook({}).raw;
  if (name == "twilio.send_sms")
    return twilio::send_sms({}).raw;
  if (name == "github.create_deployment")
    return github::create_deployment({}).raw;
  if (name == "inventory.reserve")
    return inventory::reserve({}).raw;
  if (name == "inventory.commit")
    return inventory::commit({}).raw;
  if (name == "inventory.release")
    return inventory::release({}).raw;
  return std::nullopt;
}

std::string amount_text(std::int64_t amount, std::string_view currency) {
  return currency.empty() ? std::to_string(amount) + " minor units"
                          : tables::shown({amount, std::string(currency)});
}

std::string shown_charge(const stripe::charge_outcome& o, std::string_view currency) {
  const auto& id = o.charge_id.empty() ? o.payment_intent_id : o.charge_id;
  switch (o.status) {
  case stripe::payment_status::succeeded:
    return "charged " + amount_text(o.amount_received, currency) + ", " + id;
  case stripe::payment_status::requires_action:
    return "the customer must authenticate it, " + id;
  default:
    return "its bank has not decided (" + std::string(stripe::name_of(o.status)) + "), " + id;
  }
}

std::string shown_label(const shippo::label_outcome& o) {
  return "label " + o.transaction_id +
         (o.tracking_number.empty() ? std::string(", no tracking number yet")
                                    : ", tracking number " + o.tracking_number);
}

std::string with_id(std::string_view word, std::string_view id) {
  return id.empty() ? std::string(word) : std::string(word) + ", " + std::string(id);
}

bool is_plain(std::string_view segment) {
  constexpr std::size_t longest = 64;
  return segment.size() <= longest && std::all_of(segment.begin(), segment.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

bool is_built_in(std::string_view operation) {
  const auto vendor = operation.substr(0, operation.find('.'));
  const auto& all = providers::all_vendors();
  return std::any_of(all.begin(), all.end(),
                     [&](const providers::vendor& v) { return v.name == vendor; });
}

} // namespace

step_words words_of(std::string_view step) {
  const auto known = std::find_if(words.begin(), words.end(), [&](const named_words& w) {
    return step.starts_with(w.beginning);
  });
  return known != words.end() ? known->words : step_words{"it", "done", anything_twice};
}

bool has_effect(std::string_view operation) {
  const auto known = operation_of(operation);
  if (known)
    return known->has_effect;
  return !is_built_in(operation) || providers::find_operation(operation) != nullptr;
}

std::string title_of_vendor(std::string_view vendor) {
  for (const auto& v : providers::all_vendors())
    if (v.name == vendor ||
        std::any_of(v.endpoints.begin(), v.endpoints.end(),
                    [&](const providers::endpoint_name& e) { return e.name == vendor; }))
      return std::string(v.title);
  return std::string(vendor);
}

std::string shown_value(std::string_view operation, std::string_view value,
                        std::string_view currency) {
  if (operation == "stripe.charge") {
    if (auto o = stripe::charge_outcome::decode(value))
      return shown_charge(*o, currency);
  } else if (operation == "stripe.refund") {
    if (auto o = stripe::refund_outcome::decode(value))
      return with_id("gave back " + amount_text(o->refunded_minor, currency) + " (" + o->status +
                         ")",
                     o->refund_id);
  } else if (operation == "stripe.cancel_intent") {
    if (auto o = stripe::cancel_intent_outcome::decode(value))
      return with_id("cancelled", o->payment_intent_id);
  } else if (operation == "stripe.retrieve") {
    if (auto o = stripe::intent_state::decode(value))
      return with_id(stripe::name_of(o->status), o->payment_intent_id);
  } else if (operation == "shippo.create_shipment") {
    if (auto o = shippo::shipment_outcome::decode(value))
      return with_id(std::to_string(o->rates.size()) + " rates", o->shipment_id);
  } else if (operation == "shippo.buy_label") {
    if (auto o = shippo::label_outcome::decode(value))
      return shown_label(*o);
  } else if (operation == "shippo.void_label") {
    if (auto o = shippo::void_outcome::decode(value))
      return with_id("given back", o->refund_id);
  } else if (operation.starts_with("slack.")) {
    if (auto o = slack::message_outcome::decode(value))
      return with_id("posted", o->channel);
  } else if (operation == "sendgrid.send_mail") {
    if (auto o = sendgrid::mail_outcome::decode(value))
      return with_id("accepted", o->message_id);
  } else if (operation == "twilio.send_sms") {
    if (auto o = twilio::sms_outcome::decode(value))
      return with_id(o->status, o->sid);
  } else if (operation == "github.create_deployment") {
    if (auto o = github::deployment_outcome::decode(value))
      return with_id("begun", std::to_string(o->id));
  }
  return "done";
}

std::string shown_call(std::string_view operation, const providers::http_request& request) {
  if (request.method.empty())
    return std::string(operation);
  if (!is_built_in(operation))
    return request.method;
  std::string shown = request.method + ' ';
  auto path = std::string_view(request.target);
  path = path.substr(0, path.find('?'));
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    shown.append("/").append(is_plain(segment) ? segment : std::string_view("…"));
  }
  return shown;
}

providers::http_request call_of(const journal::effect_payload& intent) {
  if (!intent.method.empty())
    return {intent.method, intent.path, {}, intent.body};
  auto known = operation_of(intent.operation);
  return known ? providers::http_request{known->request.method, known->request.target, {}, {}}
               : providers::http_request{};
}

std::optional<providers::http_request> lookup_of(const journal::effect_payload& intent,
                                                 std::string_view key, unix_ms first_sent_at) {
  const auto known = operation_of(intent.operation);
  if (!known || known->lookup == nullptr)
    return std::nullopt;
  return known->lookup({call_of(intent), std::string(key), first_sent_at, 0, 0, intent.target});
}

} // namespace orderhub::handlers
