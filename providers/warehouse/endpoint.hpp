#pragma once
#include "providers/vendor.hpp"

namespace orderhub::providers::warehouse {

/// The shop's own warehouse, by the contract in `providers/contracts/warehouse.json`. Used where
/// its base URL is set.
vendor describe();

} // namespace orderhub::providers::warehouse
