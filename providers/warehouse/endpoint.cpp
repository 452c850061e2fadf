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
    "MOCK_MODE, ORDERHUB_DISABLE, WAREHOUSE_API_BASE and WAREHOUSE_API_KEY",
    true};

} // namespace

vendor describe() {
  auto v = contracts::describe<own>();
  v.operations = {
      contracts::keyed_row("warehouse.create_pick_ticket", "has an order picked", stake::none),
      contracts::keyed_row("warehouse.cancel_pick_ticket", "cancels that", stake::none)};
  return v;
}

} // namespace orderhub::providers::warehouse
