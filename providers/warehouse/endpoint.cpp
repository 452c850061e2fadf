#include "providers/warehouse/endpoint.hpp"

#include "providers/contracts/endpoint.hpp"

namespace orderhub::providers::warehouse {

namespace {

constexpr contracts::service own{
    "warehouse",
    "Warehouse",
    vendor_role::picking,
    "warehouse.api_base",
    "WAREHOUSE_API_BASE",
    "warehouse.api_key",
    "WAREHOUSE_API_KEY",
    "your warehouse, by the contract of providers/contracts: what stands before /v1",
    "ORDERHUB_DISABLE, WAREHOUSE_API_BASE and WAREHOUSE_API_KEY"};

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

} // namespace orderhub::providers::warehouse
