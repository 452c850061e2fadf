#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/orders/order_run.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace orderhub::handlers {

// What an order tells the shop and its customer, by `Notification/{order}`. Only by the ways that
// the plan names; none of them can fail an order.

/// Tells the shop's channel and waits for nobody.
void post_new_order(const order_run& run);
void post_failed_payment(const order_run& run, const payment_fact& payment);
/// That the order is refused for want of stock; each time that it is.
void post_out_of_stock(const order_run& run);

/// Its parcel may leave, and nobody was told so yet.
bool may_confirm(const order_run& run);

/// The order is confirmed: tells customer and shop, and waits a moment for what becomes of that, as
/// long as the plan says. Past that the notification tells the order.
durable::task<void> confirm(order_run run);

/// What they are told of a cancel, by all ways by which it goes.
notification cancelled_news(const order& placed, const order_plan& plan, bool again,
                            refund_news news);
/// Tells customer and shop that the order was cancelled, and what has become of the money; waits
/// for nobody. `again`: more was undone later, which is told once more.
void post_cancelled(const order_run& run, bool again, refund_news news);

/// A refund, as it is told. `number` tells those of an order apart.
struct refund_told {
  std::uint32_t number = 1;
  refund_news news = refund_news::none;
  money amount = {};    ///< 0: not known.
  std::string why = {}; ///< Of a failed one, a code for the shop.
};
/// Tells customer and shop what has become of a refund.
void post_refund(const order_run& run, const refund_told& refund);

/// The mail and SMS with the tracking number that the confirmation said would follow.
notification tracking_news(const order& placed, const order_facts& facts);

/// What customer and shop are told when the parcel of an order has moved from `before` to `after`;
/// nothing where it has not, or they know it. Of an order that is not to be shipped only the shop
/// hears.
std::optional<notification> parcel_news(const order& placed, const order_facts& before,
                                        const order_facts& after);

// What verified events tell, each once an order and what happened.

/// The shop: the carrier could not deliver it.
notification delivery_failed_news(const order& placed, const std::string& why);
/// The shop: a notice did not come; and the customer by SMS, where a mail did not and there is a
/// phone. `step`: of the notice, `mail_confirm`.
notification undelivered_news(const order& placed, const std::string& step, const std::string& why);
/// The shop. `word`: `opened`, `won`, `lost`.
notification dispute_news(const order& placed, const std::string& word, const std::string& code);

} // namespace orderhub::handlers
