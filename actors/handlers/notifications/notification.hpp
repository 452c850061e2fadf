#pragma once
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/money.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

enum class notification_kind : std::uint8_t {
  new_order = 1,
  payment_failed = 2,
  confirmed = 3,
  cancelled = 4,
  tracking = 5, ///< The tracking number that was promised.
  refunded = 6, ///< A refund was made.
  refund_failed = 7,
  shipped = 8, ///< The carrier has the parcel.
  delivered = 9,
  returned = 10,        ///< The parcel comes back.
  deployment = 11,      ///< How a deployment ended; of no order.
  out_of_stock = 12,    ///< Nothing was charged: there is less than the order wants.
  undelivered = 13,     ///< A mail or an SMS did not come; `about` is its step.
  disputed = 14,        ///< `about`: opened, won, lost.
  delivery_failed = 15, ///< The carrier could not bring the parcel.
};

/// What has become of the customer's money, as it stands when it is told. The numbers are in
/// journals.
enum class refund_news : std::uint8_t {
  none = 0,
  on_its_way = 1,
  part_given_back = 2,
  given_back = 3,
  failed = 4,
};

/// What is told, to whom. Sent to `Notification/{order}/Send`.
struct notification {
  notification_kind kind = notification_kind::confirmed;
  bool mail = false;     ///< To the customer.
  bool announce = false; ///< In the shop's channel.
  bool sms = false;      ///< To the customer, who has a phone.
  /// The SMS of a notification that goes by other ways too, on a way of its own: whatever holds it
  /// up, nobody waits for it.
  bool is_aside = false;
  std::string email, name;     ///< Empty: erased; no mail leaves.
  std::string phone;           ///< E.164; empty: none.
  std::string tracking_number; ///< Empty: not known yet.
  std::string tracking_url;    ///< The carrier's page about it; empty: none.
  /// Of a failed payment or refund: its code. Of want of stock: the lines. Of a deployment: all.
  std::string reason;
  std::string about; ///< Which of several of its kind: part of the steps' names.
  money total;
  refund_news news = refund_news::none;
  money refunded;            ///< That this refund gives back; 0: not known.
  bool is_cancelled = false; ///< The order is, which is refunded.
  std::uint32_t attempt = 1; ///< Of what is told: each one is told by steps of its own.
  /// Took it longer, the order is told by a message: nobody waits for the response any more. 0:
  /// nobody does.
  std::int64_t report_after_ms = 0;
  std::string fulfilment = {}; ///< The key of one that is told with the order; empty: none.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<notification> decode(std::string_view bytes);
};

/// What became of a notice that its vendor took.
inline constexpr std::string_view sent_mark = "sent";
/// And of one that could go nowhere.
inline constexpr std::string_view no_phone_mark = "skipped: the customer has no phone";
/// Every order has an e-mail address until it is erased.
inline constexpr std::string_view erased_mark = "skipped: the customer's data were erased";

/// What an order learns of `Send`'s response: what became of each notice, and of one that was
/// refused that a person should look.
order_facts delivery_facts(std::string_view response);

/// Whether a notice that was refused, by the name of its step, is of the past: a later one of the
/// order came through the same way, so the way is open and who reads it knows where the order
/// stands.
bool was_told_later(const order_facts& facts, std::string_view step);
/// Whether a step is a notice's, by its name.
bool is_notice(std::string_view step);

} // namespace orderhub::handlers
