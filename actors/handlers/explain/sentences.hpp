#pragma once
#include "journal/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// Every sentence by which an order is explained to a person: the one list of them, for whoever
/// shows an order. Past tense for what is recorded, with its time; "may" only for doubt; "failed"
/// never for what is not known; each decision names its rule.
namespace orderhub::handlers {

enum class sentence : std::uint8_t {
  // ── A step, as its journal has it ──
  intent,            ///< What was to be done, and by which call.
  key,               ///< Under which key, and how long that helps.
  key_old,           ///< The vendor may have forgotten it.
  value,             ///< It happened.
  value_answered,    ///< The same, and what answered.
  value_of_person,   ///< A person said so, and nobody checked it.
  value_of_event,    ///< A verified event said so.
  refused,           ///< It definitely did not happen.
  given_up,          ///< Its time was over before anything happened.
  missed,            ///< It ended without anybody knowing.
  cancelled,         ///< It was stopped before anything happened.
  done_before_ended, ///< An earlier one stands, and was not found.
  again_at,          ///< Nothing happened; sent again at a time.
  again_same_key,    ///< In doubt; the same key again at a time.
  limited,           ///< The vendor's limit.
  doubt,             ///< It may have happened.
  unanswered,        ///< No answer came to what changes nothing.
  look_up_at,        ///< In doubt; the vendor is asked at a time.
  proves_nothing,    ///< An empty look-up before the absence time.
  absent,            ///< Proven not to have happened.
  absent_unchecked,  ///< A person said so, and nobody checked it.
  found,             ///< Proven to have happened, or to be refused.
  taken_over,        ///< What was found.
  new_key,           ///< After that proof.
  again_in_doubt,    ///< In doubt, and it may be repeated; at a time.
  left,              ///< It had waited, and left for the first time.
  sent_again,        ///< It left once more, in doubt.
  sent_once_more,    ///< The same, and nothing had happened.
  tolerated,         ///< By its policy twice is borne.
  queued,            ///< It waited for a place, a limit or a hold.
  event_wait,        ///< A verified event is awaited.
  done_before,       ///< The vendor says that it was done before.
  not_done_before,   ///< A person says that it was not.
  evidence,          ///< A verified event came while the call was out.
  believed,          ///< A person's word, unchecked.
  person,            ///< A person is called.
  second_provider,   ///< It is another vendor's to do, since the first one had not.
  // ── What it waits for ──
  waits_answer,
  waits_vendor, ///< Not reached: connection, name, TLS, no answer.
  waits_credential,
  waits_redirect, ///< Another address than the vendor's is configured.
  waits_breaker,
  waits_limiter,
  waits_place,
  waits_doubt,
  waits_running,
  waits_tracking,
  waits_bank,
  waits_refund,
  waits_customer,
  waits_refusal,
  waits_earlier,
  waits_time,
  waits_hub,
  waits_person,
  waits_delivery,
  waits_packing,
  waits_pickup,
  waits_event,
  vendor_open,      ///< Its breaker, now.
  vendor_held_open, ///< By an operator.
  vendor_paused,    ///< By an operator.
  vendor_credential,
  vendor_redirect,
  // ── If somebody presses Retry ──
  retry_out,
  retry_queued,
  retry_sends,
  retry_asks,
  retry_same_key,
  retry_looks_up,
  retry_not_before,
  retry_repeats,
  retry_ends_wait,
  retry_waits_on,
  retry_gives_up,
  retry_held, ///< The order is paused.
  retry_vendor_held,
  retry_resumes, ///< Of an invocation that is paused.
  // ── An invocation ──
  call_runs,
  call_waits_for_object,
  call_waits_for_turn,
  call_sleeps,
  call_begins_later,
  call_awaits_decision,
  call_paused,
  call_ended,
  call_failed,
  // ── The whole ──
  money_none,
  money_free,
  money_unknown,
  money_customer,
  money_bank,
  money_failed,
  money_charged,
  money_given_back,
  money_given_back_in_part,
  money_on_its_way_back,
  dispute_open,
  dispute_won,
  dispute_lost,
  stock_short,
  label_bought,
  label_voided,
  parcel_in_transit,
  parcel_delivered,
  parcel_returned,
  fulfilment_alone, ///< There is no order of that key, but a fulfilment.
  deployment_alone, ///< Likewise, a deployment.
  no_order,         ///< Nor that: something was only said of it.
  order_erased,     ///< Its customer's data.
  order_purged,
  order_cancelled,
  order_cancelling,
  order_paused, ///< By an operator.
  attention,
  doubts, ///< How much of it is not known.
  nothing_left,
  stuck,
  operator_acted,
  // ── A verified event ──
  event_applied,
  event_known,
  event_contradicts,
  event_on_its_way,
  event_without_effect,
  // ── What is not known here ──
  gap_not_listed,
  gap_later,
  gap_bounded,
  gap_set_aside,
  gap_unread,
  gap_webhooks,
};
inline constexpr std::size_t sentence_count = static_cast<std::size_t>(sentence::gap_webhooks) + 1;

/// `waits_breaker`
std::string_view name_of(sentence which);
/// With its places: `Its breaker is open since {since} ({why}).`
std::string_view template_of(sentence which);

/// A sentence that was said.
struct said {
  sentence which{};
  std::string text;

  friend bool operator==(const said&, const said&) = default;
};

using said_value = std::pair<std::string_view, std::string_view>;
/// Every place of the sentence should have a value (a test says each of them); one that has none is
/// shown as `…`. Control characters become spaces.
said say(sentence which, std::initializer_list<said_value> values = {});

// ── How values are written ──────────────────────────────────────────────────────────────────

/// `10:02:12.006Z`, or with its date where that is not the day of `now`.
std::string moment_text(unix_ms at, unix_ms now);
/// `212 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`.
std::string span_text(std::int64_t ms);

} // namespace orderhub::handlers
