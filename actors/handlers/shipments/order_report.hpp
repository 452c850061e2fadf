#pragma once
#include "actors/durable/context.hpp"
#include "actors/handlers/orders/order_facts.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

// What the shipment tells its order by `RecordLabel`, where nobody waits for it any more.

/// The facts of a label that was bought: it is there, so nothing is pending.
order_facts bought_facts(std::string_view label);

void report_facts(durable::context ctx, const order_facts& facts);
void report_label(durable::context ctx, std::string_view label);
/// The carrier has definitely said no: a person should look.
void report_refusal(durable::context ctx, const std::string& why);
/// A label may have been bought for an order that is dead: a person should look.
void report_maybe(durable::context ctx, const std::string& why);
/// No label was bought, and none will be.
void report_nothing(durable::context ctx);

} // namespace orderhub::handlers
