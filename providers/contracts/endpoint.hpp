#pragma once
#include "providers/vendor.hpp"

#include <string_view>

namespace orderhub::providers::contracts {

/// One of the merchant's own services, as its settings name it.
struct service {
  std::string_view name;  ///< `inventory`
  std::string_view title; ///< `Inventory`
  vendor_role role = vendor_role::stock;
  std::string_view base;             ///< `inventory.api_base`
  std::string_view base_environment; ///< `INVENTORY_API_BASE`
  std::string_view key;              ///< `inventory.api_key`
  std::string_view key_environment;  ///< `INVENTORY_API_KEY`
  std::string_view help;             ///< Of its base URL.
  std::string_view configured_by;    ///< For people: the settings that decide where calls go.
};

/// `live` where its base URL is set, and it is not disabled; else it is not used, in mock mode too.
std::string_view mode_of(const service& of, const vendor_configuration& configured);
/// Its endpoint, with the key as a bearer token where there is one; none where it is not used.
std::vector<endpoint> endpoints_of(const service& of, const vendor_configuration& configured);
/// All but the two functions, which have no place for `of`.
vendor describe(const service& of);

} // namespace orderhub::providers::contracts
