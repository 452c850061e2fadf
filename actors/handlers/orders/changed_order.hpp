#pragma once
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_run.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <string_view>

namespace orderhub::handlers {

// An order that is sent again with other content (order_content.hpp). What was not done yet for the
// old one is done for the new one; the rest is refused by name.

/// It is known, and this request brings other content.
bool is_changed(const order_run& run);

/// Takes the new content as far as nothing was done for the old one:
///
///   nothing was charged for sure        all of it, and the next payment is of it
///   the customer has to authenticate    the payment is cancelled at Stripe; when that is
///   confirmed,
///                                       all of it. It went on meanwhile: as the lines below
///   the bank has not decided            nothing: 409
///   charged, no label on its way        customer, shipping, parcel, customs, and a label for them
///                                       is bought; 409 where items or amounts differ
///   a label is there or may be          nothing: 409
///
/// A 409 names the fields that differ and what can be done. Nothing of that request was taken then,
/// and the order goes on as it is recorded.
durable::task<void> take_changes(order_run run);

/// ProcessOrder's `admit`: other content is not let wait behind a charge that is in doubt, since
/// nobody knows how long that takes: 409 at once.
result<void> may_wait(const journal::object_state& state, std::string_view sent);

} // namespace orderhub::handlers
