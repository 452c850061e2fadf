#pragma once
#include "actors/handlers/orders/order_settings.hpp"
#include "http_gateway/admin/admin_access.hpp"
#include "http_gateway/settings/settings.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/webhooks/webhook_door.hpp"
#include "journal/base/result.hpp"
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

/// Settings of a running hub as they were read again, and what `serve` makes of them.
struct settings_again {
  settings values;
  providers::registry vendors;
  webhook_keys webhooks;
  handlers::order_settings listening;
  admin_access_rules access;
  changed_settings changes; ///< Of what the hub was started with; `credentials` are in `vendors`.
};
/// Fails as a start with them would: then they change nothing.
result<settings_again> made_again(const settings& before, const providers::registry& running,
                                  const settings& after, std::string_view mock_base);

/// What counts after a reload, with where it comes from: `before` counted until then, `after` was
/// read, and `again` was made of it and taken. `running`: as the hub was started.
read_settings in_force_after(read_settings before, const providers::registry& running,
                             const read_settings& after, const settings_again& again);

/// What orders would take of the settings were another vendor's webhooks on, as `after` says; all
/// else is as at the start. Fails as `order_settings_from`.
result<handlers::order_settings> listening_with(const settings& before, const settings& after,
                                                const providers::registry& running);

/// Whose webhooks are on counts for what is planned from now on: the vendors' ids are kept for
/// them, mails in doubt wait for theirs. True: sweeps are wanted, which were not before.
bool take_listening(const handlers::order_settings& running, const handlers::order_settings& with);

} // namespace orderhub::http_gateway
