#pragma once
#include "actors/handlers/orders/order_facts.hpp"

#include <string>
#include <vector>

namespace orderhub::handlers {

/// One fact of an order, by a name for people: `status`, `payment.1.state`, `notice.confirmation`.
/// Nothing of the customer.
struct fact_change {
  std::string fact;
  std::string before, after; ///< Empty: not known.
};

/// What is another fact in `b` than in `a`, in the order of the names' subjects.
std::vector<fact_change> changes_between(const order_facts& a, const order_facts& b);

} // namespace orderhub::handlers
