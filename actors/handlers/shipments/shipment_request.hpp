#pragma once
#include "actors/handlers/orders/customs.hpp"
#include "actors/handlers/shipments/label_order.hpp"
#include "providers/shippo/create_shipment.hpp"

#include <cstdint>

namespace orderhub::handlers {

/// What a purchase takes from the configuration, journaled once: after a restart with another one
/// it goes on with what it began with.
struct shipment_plan {
  postal_address from;
  parcel_size parcel;
  customs_settings customs;
  std::int64_t label_retry_ms = 0;
  std::string rate; ///< Of orders that name none.
  bool registers_tracking = false;
  bool label_events = false;              ///< Shippo's webhooks are on.
  std::uint8_t hooks = 0;                 ///< After which some custom provider is called.
  std::int64_t parcel_sweep_after_ms = 0; ///< How old a label is when Shippo is asked; 0: never.
};

/// As Shippo has addresses. An e-mail address goes along where it has an ASCII form.
providers::shippo::address shippo_address(const postal_address& a);

/// What Shippo is asked for rates with: every part of the address that the order has, and what
/// customs is told where the parcel crosses a border. Fails with `rejected` where the settings have
/// changed since the order was checked, and a declaration lacks something now.
result<providers::shippo::shipment_request>
shipment_request_of(providers::step_ref ref, const label_order& wanted, const shipment_plan& plan);

} // namespace orderhub::handlers
