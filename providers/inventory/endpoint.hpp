#pragma once
#include "providers/vendor.hpp"

namespace orderhub::providers::inventory {

/// The shop's own stock, by the contract in `providers/contracts/inventory.json`. Used where its
/// base URL is set.
vendor describe();

} // namespace orderhub::providers::inventory
