#include "providers/carrier/endpoint.hpp"

#include "providers/contracts/endpoint.hpp"

namespace orderhub::providers::carrier {

namespace {

constexpr contracts::service own{
    "carrier",
    "Carrier",
    vendor_role::pickup,
    "carrier.api_base",
    "CARRIER_API_BASE",
    "carrier.api_key",
    "CARRIER_API_KEY",
    "your carrier, by the contract of providers/contracts: what stands before /v1",
    "MOCK_MODE, ORDERHUB_DISABLE, CARRIER_API_BASE and CARRIER_API_KEY",
    true};

} // namespace

vendor describe() {
  auto v = contracts::describe<own>();
  v.operations = {contracts::keyed_row("carrier.request_pickup", "orders a pickup", stake::none),
                  contracts::keyed_row("carrier.cancel_pickup", "cancels that", stake::none)};
  return v;
}

} // namespace orderhub::providers::carrier
