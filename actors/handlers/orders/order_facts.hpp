#pragma once
#include "actors/handlers/orders/refund_fact.hpp"
#include "actors/handlers/orders/stock_fact.hpp"
#include "journal/base/money.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

// The numbers of these are on disk: appended, never reused. Each grows in this order only.
enum class payment_state : std::uint8_t {
  none = 0,
  pending = 1,
  requires_action = 2,
  failed = 3,
  paid = 4,
  part_refunded = 5,
  refunded = 6,
};
enum class shipment_state : std::uint8_t {
  none = 0,
  label = 1,
  in_transit = 2,
  returned = 3,
  delivered = 4,
};
enum class dispute_state : std::uint8_t { none = 0, open = 1, won = 2, lost = 3 };

/// One logical payment attempt.
struct payment_fact {
  std::uint32_t attempt = 1;
  payment_state state = payment_state::none;
  std::string method;
  std::string intent_id;
  std::string charge_id;
  std::string reason; ///< Of a failure: code, never card data.
  std::string refund_id;
  money amount; ///< That was received. Its currency counts where there is an amount.
  /// How many refunds were begun and ended by a definite answer: the next one has its own key.
  std::uint32_t refund_round = 0;
  cancel_refunds rounds; ///< That a cancel asked for.
  /// What others have given back of it (the shop, in Stripe's dashboard), as far as a look-up of
  /// ours met it; minor units.
  std::int64_t by_others = 0;

  friend bool operator==(const payment_fact&, const payment_fact&) = default;
};

/// What an order knows. Only grows; merging is commutative, associative and idempotent, so late,
/// repeated and swapped events do no harm.
struct order_facts {
  unix_ms created_at = 0;             ///< The earliest one counts.
  unix_ms updated_at = 0;             ///< The latest one counts.
  std::vector<payment_fact> payments; ///< By attempt, ascending.
  shipment_state shipment = shipment_state::none;
  bool label_voided = false;
  std::string label_id, tracking_number, label_url;
  std::string tracking_url; ///< The carrier's page about the parcel.
  dispute_state dispute = dispute_state::none;
  stock_fact stock;
  refund_facts refunds; ///< That callers asked for; a cancel's are in `payments`.
  bool confirmed = false;
  bool cancelling = false;
  bool cancelled = false;
  /// Notices by name: `sent`, or why not. The greater text counts where two differ.
  std::map<std::string, std::string, std::less<>> notices;
  /// Open points by step: what waits for what. The text `done` closes one.
  std::map<std::string, std::string, std::less<>> pending;
  /// By step: what a person must resolve, or had to.
  std::map<std::string, std::string, std::less<>> attention;

  friend bool operator==(const order_facts&, const order_facts&) = default;

  [[nodiscard]] bool known() const { return created_at != 0; }
  [[nodiscard]] const payment_fact* last_payment() const {
    return payments.empty() ? nullptr : &payments.back();
  }
  /// That attempt's; null where there is none.
  [[nodiscard]] const payment_fact* payment_of(std::uint32_t attempt) const;
  /// The one that has the order's money; null where none has.
  [[nodiscard]] const payment_fact* payment_with_money() const;
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<order_facts> decode(std::string_view bytes);
};

order_facts merge(const order_facts& a, const order_facts& b);

/// The same on the bytes of the state entry `facts`: the service's merge function. `current` is
/// null where there is no entry; one that cannot be read stays as it is.
std::string merge_facts(std::string_view entry, const std::string* current, std::string_view delta);

/// `ch_…`, or before there is one the intent's id.
std::string_view charge_id_of(const payment_fact& payment);
/// Of the first payment that has one; empty where nothing was refunded.
std::string_view refund_id_of(const order_facts& facts);
/// We have it, all of it or a part.
bool is_money(const payment_fact& payment);
/// Of the payment that has the order's money, what no refund that is known gives back, or may;
/// minor units.
std::int64_t left_to_refund(const order_facts& facts);
/// The same of one payment.
std::int64_t left_of(const order_facts& facts, const payment_fact& payment);
/// All of it is given back, and every refund of ours was made.
bool is_all_given_back(const order_facts& facts, const payment_fact& payment);
/// Its charge may have been made: the answer was lost, and by the policy in doubt nobody looked.
/// Until an event says that it was, only a person knows; the reason says why.
bool may_have_been_made(const payment_fact& payment);
/// It is money or may become some: a cancel has to give it back.
bool is_returnable(const payment_fact& payment);

/// A cancel gives it back itself: no refund of it is under way.
bool is_to_be_returned(const order_facts& facts, const payment_fact& payment);

/// The order was refused for want of stock, and not charged for: it may be sent again.
bool is_out_of_stock(const order_facts& facts);

/// Something came up, wherever it was heard of, that forbids to ship: cancelled, refunded,
/// disputed.
bool forbids_shipping(const order_facts& facts);

/// Nothing leaves the house for it any more: no label is bought, and nobody needs its number. (A
/// parcel that has left goes its way all the same.)
bool is_shipping_over(const order_facts& facts);

/// Its whole price went back to the customer, by a refund or a lost dispute: the goods are the
/// shop's again, where they have not left.
bool is_sale_undone(const order_facts& facts);

/// A cancelled order of which money, a label or stock is still out, and nothing brings it back.
bool has_open_compensation(const order_facts& facts);

/// The one table from facts to status.
std::string_view status_of(const order_facts& facts);

/// Steps that are begun and not known to be done, in order. The tracking number is a step of its
/// own once the label is there, as long as anything may ship.
std::vector<std::string> open_steps(const order_facts& facts);
/// That one of them is.
bool is_open(const order_facts& facts, std::string_view step);

/// The open step of a payment that was taken beside the order's own, until it is given back, and
/// the point that a person is told: `charge_twice`, `charge_twice_2`.
inline constexpr std::string_view extra_charge_step = "charge_twice";
/// How the point of an effect begins that was proven to be there twice: nothing is left of it, and
/// a person is told all the same.
inline constexpr std::string_view taken_twice_and_given_back = "taken twice, and given back: ";
inline constexpr std::string_view bought_twice_and_voided = "bought twice, and voided: ";
/// Whether a point for a person is one of these.
bool is_undone_extra(std::string_view why);
/// A look-up has proven that this payment was taken beside the order's own.
bool is_known_extra(const order_facts& facts, std::string_view intent_id);

// ── What a vendor has not decided yet ───────────────────────────────────────────────────────

/// The open step of a payment whose bank has not decided: `payment`, `payment_2`.
std::string payment_step(const payment_fact& payment);
bool is_at_bank(const order_facts& facts, const payment_fact& payment);

/// The open step of a refund, each round a step of its own: `refund`, `refund.1`, `refund_2`.
std::string refund_step(std::uint32_t attempt, std::uint32_t round);
/// Some refund of it was accepted, and its bank has not made it yet. `but_for`: other than that.
bool is_refund_under_way(const order_facts& facts, const payment_fact& payment,
                         std::string_view but_for = {});

/// The open step of a label that has no tracking number yet, and what stands there: the greater
/// text is the one that stays where both were said.
inline constexpr std::string_view tracking_step = "tracking";
inline constexpr std::string_view tracking_awaited = "awaited";
inline constexpr std::string_view tracking_promised = "promised to the customer";
/// The point that a person is told where a dispute has stopped the parcel, and is won.
inline constexpr std::string_view stopped_parcel_step = "stopped_parcel";
/// The customer was told that it follows, and does not have it.
bool is_tracking_promised(const order_facts& facts);

} // namespace orderhub::handlers
