#pragma once
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/money.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// One call that a cancel makes, or one message that it has leave.
struct cancel_call {
  /// `cancel_payment`, `refund`, `void_label`, `cancel_pickup`, `cancel_pick_ticket`,
  /// `release_stock`, `mail`, `announce`, `sms`, `tell_providers`.
  std::string_view what;
  std::string_view service; ///< Of whose object it is a step.
  std::string step;         ///< As the journal will call it; of `tell_providers` empty.
  std::string_view vendor;
  money amount = {}; ///< That is given back; 0: all that is left, nobody knows here how much.
  std::string id;    ///< The vendor's, of what is undone; empty: it has none.

  friend bool operator==(const cancel_call&, const cancel_call&) = default;
};

/// An order before its cancel. Refers to what it is given.
struct order_before_cancel {
  const order_facts& facts;
  const order* placed = nullptr; ///< Null: nobody is told.
  const order_plan& plan;        ///< As a handler that begins now would have it.
  /// Of the fulfilment that has the order; null: none has.
  const fulfilment_facts* fulfilment = nullptr;
  std::string label_id; ///< That its shipment has bought; empty: none.
};

/// What `compensate` does, in its order, by the very rules by which it goes: what is in doubt then
/// counts as not having happened. Empty where everything is undone.
std::vector<cancel_call> calls_of_cancel(const order_before_cancel& order);

} // namespace orderhub::handlers
