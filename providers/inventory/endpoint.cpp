#include "providers/inventory/endpoint.hpp"

#include "providers/contracts/endpoint.hpp"

namespace orderhub::providers::inventory {

namespace {

constexpr contracts::service own{
    "inventory",
    "Inventory",
    vendor_role::stock,
    "inventory.api_base",
    "INVENTORY_API_BASE",
    "inventory.api_key",
    "INVENTORY_API_KEY",
    "your stock, by the contract of providers/contracts: what stands before /v1",
    "ORDERHUB_DISABLE, INVENTORY_API_BASE and INVENTORY_API_KEY"};

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

} // namespace orderhub::providers::inventory
