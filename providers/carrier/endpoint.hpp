#pragma once
#include "providers/vendor.hpp"

namespace orderhub::providers::carrier {

/// The shop's own carrier, by the contract in `providers/contracts/carrier.json`. Used where its
/// base URL is set.
vendor describe();

} // namespace orderhub::providers::carrier
