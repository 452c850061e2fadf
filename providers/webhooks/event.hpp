#pragma once
#include "providers/step_ref.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers::webhooks {

/// One delivery as it came over the wire. Views into the caller's bytes.
struct delivery {
  std::string_view body;   ///< Raw bytes: what is signed.
  std::string_view target; ///< Path and query as received, begins with `/`.
  /// In the order in which they came; names in any case.
  const std::vector<std::pair<std::string, std::string>>* headers = nullptr;
  std::int64_t now_s = 0; ///< The receiver's clock, Unix seconds.
};

/// Why a delivery is not believed. `none`: it is the vendor's.
enum class refusal : std::uint8_t {
  none,
  no_secret,    ///< No secret is configured: every call is refused.
  no_signature, ///< The header is missing or empty.
  malformed,    ///< The header is not what the vendor sends.
  wrong,        ///< No secret makes this signature of these bytes.
  too_old,      ///< The signed time is further back than the vendor's tolerance.
  too_new,      ///< The same, ahead.
};

/// What an event means for an order, in the hub's words.
enum class event_kind : std::uint8_t {
  skipped,   ///< A type that the hub has no use for; recorded.
  handshake, ///< The sender tries the address: `ping`, `url_verification`, a test event.
  payment_succeeded,
  payment_processing,
  payment_requires_action,
  payment_failed, ///< Declined or cancelled at the vendor; `code` says why.
  payment_refunded,
  refund_pending,
  refund_failed,
  dispute_opened,
  dispute_won,
  dispute_lost,
  mail_processed,
  mail_deferred,
  mail_delivered,
  mail_bounced,
  mail_dropped,
  mail_complained,
  label_bought,
  label_failed,
  label_refund_pending,
  label_refunded,
  label_refund_failed,
  tracking_unknown, ///< Pre-transit and the like: nothing has moved.
  in_transit,
  delivered,
  returned,
  delivery_failed,
  sms_sent,
  sms_delivered,
  sms_undelivered,
  sms_failed,
  deployment_pending,
  deployment_succeeded,
  deployment_failed,
  operator_action, ///< A person pressed one of our buttons in Slack; `action`, `actor`.
  picked_up,       ///< Of custom webhooks, with `packed`.
  packed,
  awakeable,      ///< Of custom webhooks: `reference` is the awakeable's id.
  sms_queued,     ///< Twilio has the message, and has not sent it yet.
  message_posted, ///< Slack shows a message that bears our metadata.
};
/// `payment_succeeded`: as settings, counters and lists write it.
std::string_view name_of(event_kind kind);
std::optional<event_kind> event_kind_named(std::string_view name);
/// `wrong`, `too_old`: of counters and of the list of refused calls.
std::string_view name_of(refusal why);

/// One event of a delivery, parsed. Everything is bounded: texts at most 512 bytes (longer: cut),
/// at most 8 vendor ids. No card data, mail address, phone or free text of a customer.
struct event {
  std::string id;   ///< The vendor's event id, by which it is known again. Never empty.
  std::string type; ///< The vendor's word: `payment_intent.succeeded`.
  event_kind kind = event_kind::skipped;
  std::int64_t at_ms = 0; ///< When it happened, by the vendor's clock; 0 where it is not said.
  /// From our own metadata, as it stands there; all empty where the event carries none of ours.
  /// Shippo's names no hub but a digest: that of ours is written as our hub's id, another one as
  /// the digest itself (`oh:…`), which is no hub's id.
  step_ref about = {{}, {}, {}, {}};
  std::string generation;      ///< Of the key, as our metadata has it; empty where it is not said.
  std::string idempotency_key; ///< Stripe's `request.idempotency_key`; empty otherwise.
  /// By which objects are found that our metadata does not name: the thing itself first
  /// (`pi_…`, `ch_…`, tracking number, message id, deployment id).
  std::vector<std::string> vendor_ids;
  std::int64_t amount =
      -1; ///< Minor units; -1: not said. Of a refund: of all refunds together where said.
  bool is_total = false; ///< Of a refund: `amount` is of all refunds of the payment together.
  std::string currency;  ///< Lower case.
  std::string code;      ///< The vendor's word for a reason: `card_declined`, `30007`.
  std::string reference; ///< Tracking number, awakeable id, or a deployment's status URL.
  std::string action;    ///< `retry_label`, `cancel_order`.
  std::string actor;     ///< The vendor's id of the person: `U012AB3CD`.
  bool is_live = true;   ///< Not the vendor's test mode.
  std::string data;      ///< JSON for an awakeable, or empty.
};

/// One element of a delivery: an event, or why it is none. One bad element does not sink the rest.
struct element {
  event what;
  std::string problem; ///< One sentence; empty: `what` holds.
};

/// A verified delivery, read.
struct reading {
  std::vector<element> elements;
  /// What the sender wants to hear at once, where it is not just 200: Slack's challenge.
  std::string answer, answer_type;
  std::string problem; ///< The body as a whole is unreadable (answered 400): one sentence.
};

} // namespace orderhub::providers::webhooks
