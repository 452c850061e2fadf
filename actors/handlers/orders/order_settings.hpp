#pragma once
#include "actors/durable/wait_board.hpp"
#include "actors/handlers/live_setting.hpp"
#include "actors/handlers/notifications/mail_templates.hpp"
#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/webhooks/webhook_counts.hpp"
#include "journal/base/labelled.hpp"
#include "journal/base/repeated_warning.hpp"
#include "providers/custom/call.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orderhub::handlers {

/// What the order services take from the configuration. Immutable, but for what is `live_setting`.
/// A handler journals what it took
/// (`order_plan`), so that a restart with other settings replays the same steps.
struct order_settings {
  order_rules rules;
  std::string mail_from = "orders@example.com";
  postal_address ship_from;
  parcel_size parcel;
  std::string sms_from;   ///< Who sends SMS: a number, a name or a messaging service.
  std::string public_url; ///< Where vendors reach this hub; empty: nowhere.
  std::string repository; ///< Of deployments, `owner/name`; empty: there are none.
  std::string channel_new, channel_failed, channel_confirmed;
  std::string channel_cancelled, channel_refunded, channel_delivered, channel_deployment;
  /// The texts of mails; never null.
  std::shared_ptr<const mail_templates> mails = mail_templates::built_in();
  bool mail = true;           ///< SendGrid is configured.
  bool slack = false;         ///< Slack's bot token is.
  bool slack_webhook = false; ///< Only an incoming webhook is.
  bool sms = false;           ///< Twilio is.
  bool stock = false;         ///< The shop's inventory is.
  bool warehouse = false;     ///< Its warehouse is.
  bool carrier = false;       ///< Its carrier is.
  // Whose webhooks are on. Of payments, labels and SMS: their vendors' ids are kept, for events
  // that bear nothing of ours.
  live_setting<bool> payment_events;
  live_setting<bool> label_events;
  live_setting<bool> sms_events;
  /// A mail in doubt waits for its event before it is sent again.
  live_setting<bool> mail_events;
  std::int64_t mail_event_wait_ms = 120'000; ///< At least so long.
  // What is asked for where no webhook brings it; see OPERATING.md.
  live_setting<std::int64_t> webhook_sweep_ms; ///< How often Stripe is asked for events; 0: never.
  std::int64_t webhook_sweep_back_ms = 72LL * 3'600'000; ///< How far the first time looks back.
  std::int64_t parcel_sweep_after_ms = 0; ///< How old a label is when Shippo is asked; 0: never.
  std::int64_t parcel_sweep_every_ms = 12LL * 3'600'000;
  std::int64_t parcel_sweep_for_ms = 30LL * 24 * 3'600'000;
  /// Slack's ids of those who may press buttons (`U012AB3CD`); empty: nobody.
  std::vector<std::string> slack_operators;
  /// Providers that the configuration describes.
  std::vector<providers::custom::description_ptr> custom;
  std::int64_t label_timeout_ms = 10'000;
  std::int64_t notification_timeout_ms = 2'000;
  /// How long a fulfilment awaits that its goods are packed, and that they are picked up.
  std::int64_t packed_timeout_ms = 72LL * 3'600'000;
  std::int64_t pickup_timeout_ms = 72LL * 3'600'000;
  bool compensate_on_label_failure = false;
  std::string label_rate = "cheapest"; ///< Of orders that name none: as of `order::rate`.
  bool validates_address = false;      ///< Of orders that do not say.
  bool registers_tracking = false;     ///< Each parcel at Shippo, by its number.
  /// First pause before a refused label is tried again; doubles up to an hour.
  std::int64_t label_retry_ms = 60'000;
  /// Not a setting: when the copies that this journal was restored from were made, oldest first.
  /// What was bought after one of them may not be known here.
  std::vector<std::int64_t> copies_made_at;
  /// Stands for all times of `durable::wait_bounds` where it is positive.
  std::int64_t call_after_ms = 0;
  /// Not a setting: who waits for what, for the log and the metrics; null: nobody looks.
  std::shared_ptr<durable::wait_board> board = {};
  /// Not a setting: how often a person was called for, since the start. For the metrics.
  std::shared_ptr<std::atomic<std::uint64_t>> attention_count =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  /// Not a setting: the same by step (`count_attention`).
  std::shared_ptr<labelled_counts<1>> attention_by_step = std::make_shared<labelled_counts<1>>();
  /// Not a setting: notices that a second provider sends, by first vendor and provider
  /// (`custom_…`). For the metrics.
  std::shared_ptr<labelled_counts<2>> second_sends = std::make_shared<labelled_counts<2>>();
  /// Not a setting: what came of people's actions, by action and result; the hub counts those on
  /// one order there, and a bulk each of its items. For the metrics.
  std::shared_ptr<labelled_counts<2>> operator_actions = std::make_shared<labelled_counts<2>>();
  /// Not a setting: what became of verified events since the start. For the metrics.
  std::shared_ptr<webhook_counts> webhooks = std::make_shared<webhook_counts>();
  /// Not a setting: whether an event has been received, by the key of its `Webhook`. Null: nobody
  /// can say. From any thread.
  std::function<bool(const std::string&)> knows_webhook = {};
  /// Not a setting: what the log says of notices that were refused.
  std::shared_ptr<repeated_warning> refused_notices =
      std::make_shared<repeated_warning>("notice_refused");
  /// Not a setting: what it says of verified events that found nothing, or contradict their order.
  std::shared_ptr<repeated_warning> dead_webhooks =
      std::make_shared<repeated_warning>("webhook_not_applied");
};

using settings_ptr = std::shared_ptr<const order_settings>;

/// The settings that decide which steps a handler takes; one journaled text.
struct order_plan {
  bool mail = false;
  bool announce = false;
  bool sms = false;
  bool compensate = false;
  bool stock = false;
  bool validates_address = false;
  bool payment_events = false;
  std::uint8_t hooks = 0; ///< After which some custom provider is called: `custom::hook` bits.
  std::int64_t label_timeout_ms = 0;
  std::int64_t notification_timeout_ms = 0;

  [[nodiscard]] std::string encode() const;
  static order_plan decode(std::string_view text);
};
order_plan plan_of(const order_settings& s);
/// The events after which some custom provider is called.
std::uint8_t hooks_of(const order_settings& s);

} // namespace orderhub::handlers
