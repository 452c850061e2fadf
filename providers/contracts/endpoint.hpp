#pragma once
#include "providers/vendor.hpp"

#include <string_view>
#include <vector>

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
  /// In mock mode it is the built-in mock where its base is not set. Not of the inventory: every
  /// order would be asked for there.
  bool is_mocked = false;
};

/// `live` where its base URL is set, and it is not disabled; `mock` where it is the built-in mock;
/// else it is not used.
std::string_view mode_of(const service& of, const vendor_configuration& configured);
/// Its endpoint, with the key as a bearer token where there is one; none where it is not used.
std::vector<endpoint> endpoints_of(const service& of, const vendor_configuration& configured);
/// An operation that acts under a key, which the services know for 7 days (rule K5).
operation_row keyed_row(std::string_view name, std::string_view help, stake at_stake);
/// `GET /v1/requests/{key}` of a key that nobody has used: 404 `unknown_key` (rule L1).
live_read account_read(const service& of);
/// All but the functions, which have no place for `of`.
vendor without_functions(const service& of);

/// The vendor that it is. A template over the service, since a vendor's functions are plain ones.
template <const service& Of>
vendor describe() {
  auto v = without_functions(Of);
  v.mode_of = [](const vendor_configuration& c) { return mode_of(Of, c); };
  v.endpoints_of = [](const vendor& /*self*/, const vendor_configuration& c) {
    return result<std::vector<endpoint>>(endpoints_of(Of, c));
  };
  v.live_reads_of = [](const vendor_configuration& /*configured*/) {
    return std::vector{account_read(Of)};
  };
  return v;
}

} // namespace orderhub::providers::contracts
