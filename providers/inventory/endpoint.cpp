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

} // namespace

vendor describe() {
  auto v = contracts::describe<own>();
  v.operations = {
      contracts::keyed_row("inventory.reserve", "reserves an order's goods", stake::stock),
      contracts::keyed_row("inventory.commit", "takes them for sold", stake::stock),
      contracts::keyed_row("inventory.release", "frees them", stake::stock)};
  return v;
}

} // namespace orderhub::providers::inventory
