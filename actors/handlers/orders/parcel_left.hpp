#pragma once
#include "actors/durable/service.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <cstdint>
#include <string_view>

namespace orderhub::handlers {

// That an order's parcel is on its way is told once, whoever says so first: Shippo, of its label,
// or the carrier of its fulfilment. The order's object knows what both have said, so it decides, in
// the turn in which it hears of it: of Shippo's word it tells itself, a fulfilment asks it.

/// Whom a fulfilment tells that its parcel has left. The numbers are in journals.
enum class shipped_audience : std::uint8_t {
  nobody = 0, ///< They know it.
  all = 1,
  shop = 2, ///< The customer hears of a cancel, a refund or a dispute instead.
};
shipped_audience shipped_audience_of(std::string_view response);

/// `OrderOrchestrator/{order}/RecordPickup`, an event: the carrier has the parcel of a fulfilment,
/// an encoded `fulfilment_claim`. The order is on its way, and answers who is to be told, once; it
/// does so for an order that this hub does not know, too.
result<durable::event_outcome> record_pickup(const journal::object_state& state,
                                             std::string_view body);

/// A fulfilment has told, or will.
bool is_told_by_fulfilment(const journal::object_state& order);

} // namespace orderhub::handlers
