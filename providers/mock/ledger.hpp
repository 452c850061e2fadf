#pragma once
#include "journal/base/time.hpp"
#include "providers/mock/ids.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orderhub::providers::mock {

/// What the vendors really did. Declines, refusals and validation failures are no effects.
enum class effect_kind : std::uint8_t {
  charge,        ///< Stripe took money.
  refund,        ///< Stripe gave money back.
  cancel_intent, ///< Stripe cancelled a PaymentIntent.
  shipment,      ///< Shippo quoted rates.
  label,         ///< Shippo sold a label.
  label_refund,  ///< Shippo accepted a label's refund.
  mail,          ///< SendGrid queued a mail (one effect a personalization).
  message,       ///< Slack posted a message.
  sms,           ///< Twilio queued an SMS.
  deployment,    ///< GitHub created a deployment.
  reservation,   ///< The inventory took pieces out of the stock for an order.
  stock_commit,  ///< It took them for sold.
  stock_release, ///< It put them back, released or lapsed.
  pick_ticket,   ///< The warehouse took a ticket.
  pick_cancel,   ///< It cancelled one.
  pickup,        ///< The carrier took a pickup.
  pickup_cancel, ///< It cancelled one.
  custom_call,   ///< A custom provider was told something.
};
inline constexpr std::size_t effect_kind_count = 18;
/// `charge`, `refund`, …
std::string_view name_of(effect_kind kind);

enum class ledger_mode : std::uint8_t {
  off,    ///< Totals of each kind only.
  counts, ///< And counts by order and kind, about 120 bytes an order.
  full,   ///< Every effect, about 64 bytes and its texts.
};

/// How many effects of each kind, by `effect_kind`.
using effect_counts = std::array<std::uint32_t, effect_kind_count>;

/// One effect as it is noted. Absent: empty text, or a negative number.
struct effect {
  effect_kind kind = effect_kind::charge;
  std::uint64_t number = 0; ///< The object's number at its vendor; Slack: `ts` in microseconds.
  std::string_view order_id = {};
  std::string_view step = {};
  /// Mail, SMS: first recipient. Deployment: its environment. Message: channel id. Shipment: the
  /// postal code it goes to.
  std::string_view to = {};
  std::int64_t attempt = -1; ///< Logical attempt as sent with the request.
  std::int64_t amount = -1;  ///< Minor units.
  std::uint64_t rate = 0;    ///< Label: shipment's number * 256 + rate's index.
  unix_ms at_ms = 0;
  std::uint64_t request_number = 0; ///< 1-based over all requests of the mock's life.
};

/// The effects in the order in which they happened.
///
/// Bound: after `effects_max` effects (in `counts` mode: orders) later ones are counted in the
/// totals and in `dropped()`, and not kept; indexes stay stable, so paging by index is exact.
/// Order ids and recipients are cut to 255 bytes, steps to 64, between two characters.
class ledger {
public:
  ledger(ledger_mode mode, std::size_t effects_max, ids names)
      : mode_(mode), effects_max_(effects_max), ids_(names) {}

  void add(const effect& e);

  [[nodiscard]] ledger_mode mode() const { return mode_; }
  /// Number of effects kept; 0 unless `full`.
  [[nodiscard]] std::size_t size() const { return records_.size(); }
  /// The effect of that index, below `size()`; views live as long as the ledger.
  [[nodiscard]] effect at(std::size_t index) const;
  /// Effects of that kind so far, kept or not.
  [[nodiscard]] std::uint64_t total(effect_kind kind) const {
    return totals_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  /// Effects of one order and kind. Scans all effects in `full` mode; 0 in `off`.
  [[nodiscard]] std::uint32_t count(std::string_view order_id, effect_kind kind) const;
  /// All orders with their counts, sorted by order id.
  [[nodiscard]] std::map<std::string, effect_counts, std::less<>> counts_by_order() const;

  /// Appends the JSON object of one effect:
  /// `{vendor,kind,id,order_id,step,attempt?,amount?,charge?,rate?,to?,channel?,at_ms,
  /// request_number}`.
  void append_effect(std::string& out, std::size_t index) const;

private:
  struct record {
    const char* text; // order id, then `to`
    std::uint64_t number;
    std::int64_t amount;
    std::uint64_t rate;
    unix_ms at_ms;
    std::uint64_t request_number;
    std::int32_t attempt;
    std::uint16_t step;
    std::uint8_t order_size, to_size;
    effect_kind kind;
  };

  std::uint16_t step_index(std::string_view step);
  const char* keep(std::string_view order_id, std::string_view to);

  ledger_mode mode_;
  std::size_t effects_max_;
  ids ids_;
  std::array<std::uint64_t, effect_kind_count> totals_{};
  std::uint64_t dropped_ = 0;
  std::deque<record> records_;
  std::vector<std::string> steps_; // few distinct ones
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t chunk_used_ = 0;
  std::unordered_map<std::string, effect_counts> counts_;
};

} // namespace orderhub::providers::mock
