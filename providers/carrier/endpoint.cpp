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
    "ORDERHUB_DISABLE, CARRIER_API_BASE and CARRIER_API_KEY"};

std::string_view mode_of(const vendor_configuration& c) {
  return contracts::mode_of(own, c);
}

result<std::vector<endpoint>> endpoints_of(const vendor& /*self*/, const vendor_configuration& c) {
  return contracts::endpoints_of(own, c);
}

} // namespace

vendor describe() {
  auto v = contracts::describe(own);
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  return v;
}

} // namespace orderhub::providers::carrier
