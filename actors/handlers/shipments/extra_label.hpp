#pragma once
#include "actors/durable/context.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "providers/shippo/buy_label.hpp"

#include <string>

namespace orderhub::handlers {

/// A look-up has proven that a purchase bought more than one label: each of the others is voided,
/// by an invocation of its own, and a person is told. The label is without them afterwards.
void void_extra_labels(durable::context ctx, providers::shippo::label_outcome& bought);

/// `VoidExtraLabel` of a shipment: voids one label by its exact transaction, once, and reports it.
durable::handler_task void_extra_label_once(durable::context ctx, std::string body,
                                            settings_ptr settings);

} // namespace orderhub::handlers
