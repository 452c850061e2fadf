#pragma once
#include "providers/vendor.hpp"

#include <string>

namespace orderhub::providers::shippo {

/// Shippo as a vendor that can be configured: settings, defaults, mode.
vendor describe();

/// What the settings say of labels.
struct label_wishes {
  std::string rate = "cheapest"; ///< As of `choose_rate`.
  bool validates_address = false;
  bool registers_tracking = false;
};
/// Fails with `invalid` naming the environment variable.
result<label_wishes> label_wishes_of(const vendor_configuration& configured);

} // namespace orderhub::providers::shippo
