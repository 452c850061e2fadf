#pragma once
#include "http_gateway/settings/settings.hpp"
#include "providers/registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// What a running hub takes of settings that were read again.
struct changed_settings {
  std::vector<const providers::endpoint*> credentials; ///< Vendors with other secrets, of `fresh`.
  /// Something else differs: it counts from the next start. A key of another mode (test, live) too:
  /// what is under way belongs to the account it was begun with.
  bool restart_needed = false;
};

/// `before` and `running`: as the hub was started; `after` and `fresh`: as read again. The registry
/// `fresh` outlives the answer. Credentials that were taken since the start are in `running`.
changed_settings changes_of(const settings& before, const providers::registry& running,
                            const settings& after, const providers::registry& fresh);

} // namespace orderhub::http_gateway
