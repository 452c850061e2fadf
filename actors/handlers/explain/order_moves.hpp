#pragma once
#include "actors/handlers/explain/explanation.hpp"
#include "actors/handlers/explain/order_objects.hpp"
#include "actors/handlers/orders/cancel_calls.hpp"
#include "journal/base/ids.hpp"
#include "journal/record.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace orderhub::handlers {

/// Why a person's action on an order cannot be done.
enum class move_refusal : std::uint8_t {
  none,
  may_repeat, ///< A step may be done a second time, and nobody said that this is well.
  on_its_way, ///< It can no longer be cancelled.
  unreadable, ///< What is stored of the order itself.
};

/// What a person's action on an order comes to.
struct order_moves {
  std::vector<object_id>
      objects; ///< That get a record of it, in this order; empty: none needs one.
  move_refusal refusal = move_refusal::none;
  std::string about; ///< Of a refusal: the step, or how the order stands.
};

/// A person's word moves it: it leaves at once, or is tried anew.
bool is_moved_by_retry(const explained_step& step);

/// The order is cancelled, something of it stayed that could not be undone, and nothing undoes it
/// now: its own object.
bool has_stayed_open(const journal::object_state& order);

/// A call of a cancel, and whose step it is.
struct order_cancel_call {
  object_id object;
  cancel_call call;
};
/// Every call that a cancel of the order would make now, and every message that it would have
/// leave. `settings`: as a handler that begins now would have them.
std::vector<order_cancel_call> calls_of_cancel(const order_objects& objects,
                                               const order_plan& settings);

/// Of `retry`, `pause`, `resume` and `cancel`, by the order as it is explained. Pure.
order_moves moves_of(journal::operator_verb verb, const order_objects& objects,
                     const explanation& shown, bool accept_repeat);

} // namespace orderhub::handlers
