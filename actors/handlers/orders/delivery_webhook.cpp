// What the carrier's and the notices' verified events say of an order.
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/order_webhook.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {

using providers::webhooks::event;
using providers::webhooks::event_kind;

/// Of the label that the order shows. One that it had before, and gave back, may move too.
bool is_of_label(const order_seen& seen) {
  const auto& f = seen.facts;
  const auto& e = seen.what();
  const bool names_none =
      e.reference.empty() && e.vendor_ids.empty(); // A sender of the shop's own.
  if (names_none || (f.label_id.empty() && f.tracking_number.empty()))
    return !e.about.hub.empty() || f.label_id.empty(); // Bought, and not known here yet.
  const auto is_known = [&](const std::string& id) {
    return !id.empty() && (id == f.label_id || id == f.tracking_number);
  };
  return is_known(e.reference) || std::any_of(e.vendor_ids.begin(), e.vendor_ids.end(), is_known);
}

shipment_state state_of(event_kind kind) {
  switch (kind) {
  case event_kind::in_transit:
    return shipment_state::in_transit;
  case event_kind::returned:
    return shipment_state::returned;
  case event_kind::delivered:
    return shipment_state::delivered;
  default:
    return shipment_state::none;
  }
}

std::string undelivered_text(const event& e) {
  const char* how = e.kind == event_kind::mail_bounced      ? "bounced"
                    : e.kind == event_kind::mail_dropped    ? "dropped"
                    : e.kind == event_kind::sms_undelivered ? "undelivered"
                                                            : "failed";
  return e.code.empty() ? std::string(how) : how + (": " + e.code);
}

bool has_not_come(event_kind kind) {
  return kind == event_kind::mail_bounced || kind == event_kind::mail_dropped ||
         kind == event_kind::sms_undelivered || kind == event_kind::sms_failed;
}

} // namespace

result<durable::event_outcome> awaits_parcel(const journal::object_state& state,
                                             std::string_view tracking_number) {
  const auto* recorded = state.value("facts");
  auto facts = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  if (!facts)
    return facts.failure();
  if (!facts->known())
    return fail(no_such_order(state.id.key));
  durable::event_outcome outcome;
  outcome.name = "parcel_asked_for";
  const bool is_under_way = facts->shipment < shipment_state::returned && !facts->label_voided;
  // The order may not have heard of its label's number yet.
  const bool is_its = facts->tracking_number.empty() || facts->tracking_number == tracking_number;
  outcome.response = is_under_way && is_its ? "true" : "false";
  return outcome;
}

webhook_effect delivery_event(const order_seen& seen) {
  const auto& e = seen.what();
  webhook_effect effect;
  if (!is_of_label(seen)) {
    effect.text = "of a label that is not the order's any more";
    return effect;
  }
  const auto& id = seen.state.id.key;
  effect.text = name_of(e.kind);
  effect.learned.shipment = state_of(e.kind);
  if (e.kind == event_kind::delivery_failed) {
    const auto why = e.code.empty() ? std::string("the carrier could not deliver it")
                                    : "the carrier could not deliver it: " + e.code;
    effect.learned.attention["delivery"] = why;
    if (!seen.facts.attention.contains("delivery"))
      effect.follows.push_back(
          {notification_object(id), "Send", delivery_failed_news(seen.placed, why).encode()});
  }
  return effect;
}

webhook_effect notice_event(const order_seen& seen) {
  const auto& e = seen.what();
  webhook_effect effect;
  effect.text = e.about.step + ' ' + std::string(name_of(e.kind));
  if (!is_notice(e.about.step)) {
    effect.verdict = event_verdict::unmatched;
    effect.text = "it does not say of which notice it is";
    return effect;
  }
  if (!has_not_come(e.kind))
    return effect; // What it settles is the notification's.
  const auto why = undelivered_text(e);
  effect.learned.notices[e.about.step] =
      why.starts_with(undelivered_mark) ? why : std::string(undelivered_mark) + ": " + why;
  effect.learned.attention[e.about.step] = why;
  const auto before = seen.facts.notices.find(e.about.step);
  const bool is_known =
      before != seen.facts.notices.end() && before->second.starts_with(undelivered_mark);
  if (!is_known)
    effect.follows.push_back({notification_object(seen.state.id.key), "Send",
                              undelivered_news(seen.placed, e.about.step, why).encode()});
  return effect;
}

} // namespace orderhub::handlers
