#pragma once
#include "journal/object_state.hpp"

#include <vector>

namespace orderhub::handlers {

/// What the entries of an object's state become where a customer's data are erased
/// (`service_definition::erase`), for every service of ours:
///
///   an order      its content without name, mail, phone, address and the customer at the vendor;
///                 the facts without links that show a label; no record of changes
///   a shipment    the label without its links, and that it was stopped
///   a fulfilment  its facts without the link to its parcel; what was to leave and for which order,
///                 without address; what its order is, without the customer
///   an event      what it says, without body, headers and what it brought for somebody else
///   others        nothing
///
/// What cannot be read goes.
std::vector<journal::state_payload> erased_values(const journal::object_state& state);

} // namespace orderhub::handlers
