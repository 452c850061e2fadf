#pragma once
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/result.hpp"

#include <memory>
#include <string>

namespace orderhub::handlers {

/// A step was definitely refused, and a person must resolve it: an error event, and one more in
/// `order_settings::attention_count`. For `ctx.run`; after a crash at that instant it may say so
/// twice.
result<std::string> report_attention(std::shared_ptr<const order_settings> s, std::string order_id,
                                     std::string step, std::string reason);

} // namespace orderhub::handlers
