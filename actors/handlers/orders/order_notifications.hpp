#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/orders/order_run.hpp"

#include <cstdint>
#include <string>

namespace orderhub::handlers {

// What an order tells the shop and its customer, by `Notification/{order}`. Only by the ways that
// the plan names; none of them can fail an order.

/// Tells the shop's channel and waits for nobody.
void post_new_order(const order_run& run);
void post_failed_payment(const order_run& run, const payment_fact& payment);

/// Its parcel may leave, and nobody was told so yet.
bool may_confirm(const order_run& run);

/// The order is confirmed: tells customer and shop, and waits a moment for what becomes of that, as
/// long as the plan says. Past that the notification tells the order.
durable::task<void> confirm(order_run run);

/// What has become of the customer's money, as it stands when it is told.
enum class refund_news : std::uint8_t { none, on_its_way, part_given_back, given_back, failed };

/// Tells customer and shop that the order was cancelled, and what has become of the money; waits
/// for nobody. `again`: more was undone later, which is told once more.
void post_cancelled(const order_run& run, bool again, refund_news news);

/// Tells what has become of a refund that was on its way. `number` tells those of an order apart.
/// `why`: of a failed one, a code for the shop.
void post_refund(const order_run& run, std::uint32_t number, refund_news news,
                 const std::string& why);

/// The mail and SMS with the tracking number that the confirmation said would follow.
notification tracking_news(const order& placed, const std::string& tracking_number);

// What verified events tell, each once an order and what happened.

/// Customer and shop: it has come.
notification delivered_news(const order& placed, const std::string& tracking_number);
/// The shop: the carrier could not deliver it.
notification delivery_failed_news(const order& placed, const std::string& why);
/// The shop: a notice did not come; and the customer by SMS, where a mail did not and there is a
/// phone. `step`: of the notice, `mail_confirm`.
notification undelivered_news(const order& placed, const std::string& step, const std::string& why);
/// The shop. `word`: `opened`, `won`, `lost`.
notification dispute_news(const order& placed, const std::string& word, const std::string& code);

} // namespace orderhub::handlers
