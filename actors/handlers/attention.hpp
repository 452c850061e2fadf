#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

/// A person is called for, for the metrics. Of a step's name only what is the program's own is
/// kept: no number, and nothing of a caller's (`refund_extra_2` is `refund`).
void count_attention(const order_settings& settings, std::string_view step);

/// A step was definitely refused, and a person must resolve it: an error event, and one more in
/// `order_settings::attention_count`. Recorded as the run `report_<step>`; after a crash at that
/// instant it may say so twice. The handlers of an order use `order_run::call_a_person`, which also
/// remembers it.
durable::task<void> call_a_person(durable::context ctx, settings_ptr s, std::string step,
                                  std::string why);

/// A notice was definitely refused: one more in `attention_count`, and a warning, one line a minute
/// a vendor and cause, since a channel that is gone refuses every order. What the order is told is
/// for its caller. Recorded as the run `report_<step>`.
durable::task<void> report_refused_notice(durable::context ctx, settings_ptr s, std::string step,
                                          std::string vendor, std::string why);

} // namespace orderhub::handlers
