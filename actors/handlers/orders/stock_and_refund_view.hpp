#pragma once
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/error.hpp"

#include <string>

namespace orderhub::handlers {

// What an order says of its stock and of the refunds that callers asked for. JSON, as http_gateway
// shows it.

/// Both as GetOrder shows them, `stock` where the inventory was asked, `refunds` where there are
/// any: members of a JSON object, a comma behind each.
std::string shown_stock_and_refunds(const order_facts& facts);

/// Of one refund that stands: `{orderId, refundId, refunded, left, message}`.
std::string refund_response(const std::string& order_id, const std::string& refund_id,
                            const order_facts& facts);

/// 409: there is less in stock than the order wants, or was once it was paid; says of what.
error out_of_stock(const std::string& order_id, const order_facts& facts);

} // namespace orderhub::handlers
