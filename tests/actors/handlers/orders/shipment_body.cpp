#include "tests/actors/handlers/orders/shipment_body.hpp"

#include "actors/handlers/orders/fulfilment.hpp"
#include "actors/handlers/shipments/shipment_request.hpp"
#include "providers/shippo/create_shipment.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::handlers {

std::string shipment_body(const order& o, const order_rules& rules) {
  const auto& d = rules.delivery;
  const auto request = shipment_request_of({"hub", "o-1", "shipment", "1"}, label_order_of(o),
                                           {d.from, d.parcel, d.customs, 0, "cheapest", false});
  REQUIRE(request);
  return providers::shippo::create_shipment(*request).raw.request.body;
}

} // namespace orderhub::handlers
