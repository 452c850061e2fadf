#include "providers/webhooks/event.hpp"

#include <array>

namespace orderhub::providers::webhooks {

namespace {

struct named_kind {
  event_kind kind;
  std::string_view name;
};
constexpr std::array<named_kind, 41> kinds = {{
    {event_kind::skipped, "skipped"},
    {event_kind::handshake, "handshake"},
    {event_kind::payment_succeeded, "payment_succeeded"},
    {event_kind::payment_processing, "payment_processing"},
    {event_kind::payment_requires_action, "payment_requires_action"},
    {event_kind::payment_failed, "payment_failed"},
    {event_kind::payment_refunded, "payment_refunded"},
    {event_kind::refund_pending, "refund_pending"},
    {event_kind::refund_failed, "refund_failed"},
    {event_kind::dispute_opened, "dispute_opened"},
    {event_kind::dispute_won, "dispute_won"},
    {event_kind::dispute_lost, "dispute_lost"},
    {event_kind::mail_processed, "mail_processed"},
    {event_kind::mail_deferred, "mail_deferred"},
    {event_kind::mail_delivered, "mail_delivered"},
    {event_kind::mail_bounced, "mail_bounced"},
    {event_kind::mail_dropped, "mail_dropped"},
    {event_kind::mail_complained, "mail_complained"},
    {event_kind::label_bought, "label_bought"},
    {event_kind::label_failed, "label_failed"},
    {event_kind::label_refund_pending, "label_refund_pending"},
    {event_kind::label_refunded, "label_refunded"},
    {event_kind::label_refund_failed, "label_refund_failed"},
    {event_kind::tracking_unknown, "tracking_unknown"},
    {event_kind::in_transit, "in_transit"},
    {event_kind::delivered, "delivered"},
    {event_kind::returned, "returned"},
    {event_kind::delivery_failed, "delivery_failed"},
    {event_kind::sms_sent, "sms_sent"},
    {event_kind::sms_delivered, "sms_delivered"},
    {event_kind::sms_undelivered, "sms_undelivered"},
    {event_kind::sms_failed, "sms_failed"},
    {event_kind::deployment_pending, "deployment_pending"},
    {event_kind::deployment_succeeded, "deployment_succeeded"},
    {event_kind::deployment_failed, "deployment_failed"},
    {event_kind::operator_action, "operator_action"},
    {event_kind::picked_up, "picked_up"},
    {event_kind::packed, "packed"},
    {event_kind::awakeable, "awakeable"},
    {event_kind::sms_queued, "sms_queued"},
    {event_kind::message_posted, "message_posted"},
}};

} // namespace

std::string_view name_of(event_kind kind) {
  for (const auto& row : kinds)
    if (row.kind == kind)
      return row.name;
  return "unknown";
}

std::optional<event_kind> event_kind_named(std::string_view name) {
  for (const auto& row : kinds)
    if (row.name == name)
      return row.kind;
  return std::nullopt;
}

std::string_view name_of(refusal why) {
  switch (why) {
  case refusal::none:
    return "none";
  case refusal::no_secret:
    return "no_secret";
  case refusal::no_signature:
    return "no_signature";
  case refusal::malformed:
    return "malformed";
  case refusal::wrong:
    return "wrong";
  case refusal::too_old:
    return "too_old";
  case refusal::too_new:
    return "too_new";
  }
  return "unknown";
}

} // namespace orderhub::providers::webhooks
