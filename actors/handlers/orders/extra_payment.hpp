#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/service.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/money.hpp"
#include "providers/stripe/charge.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// A look-up has proven that an attempt took the payment more than once: each of the others is
/// given back, by an invocation of its own, and a person is told. The order goes on.
void give_extra_back(order_run run, const providers::stripe::charge_outcome& charged);

/// The same where an event names the other payment before anybody looks: what the order learns of
/// it, and the invocation that gives it back. Nothing is asked of whether it is known already.
struct extra_begun {
  order_facts learned;
  durable::event_outcome::send follows;
};
extra_begun give_extra_back(const object_id& order, const order_facts& known,
                            const providers::stripe::extra_payment& other, const money& amount);

/// `GiveExtraBack` of an order: gives one payment back by its exact id, once, and reports it.
durable::handler_task give_extra_back_once(durable::context ctx, std::string body,
                                           settings_ptr settings);

/// A refund was made more than once, which nothing undoes: a person is told.
durable::task<void> report_extra_refunds(order_run run, std::string step,
                                         std::vector<std::string> refund_ids);

} // namespace orderhub::handlers
