#include "http_gateway/program/reload.hpp"

#include "http_gateway/program/admin_rules.hpp"
#include "http_gateway/program/webhook_keys.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "providers/vendors.hpp"
#include "providers/webhooks/vendors.hpp"

#include <utility>

namespace orderhub::http_gateway {

namespace {

bool same_token(const providers::endpoint& a, const providers::endpoint& b) {
  if (a.token == nullptr || b.token == nullptr)
    return a.token == b.token;
  return *a.token == *b.token;
}

bool same_secrets(const providers::endpoint& a, const providers::endpoint& b) {
  return a.secret_headers == b.secret_headers && a.path == b.path && same_token(a, b);
}

bool is_other_account(const providers::endpoint& a, const providers::endpoint& b) {
  return a.base != b.base || a.mode != b.mode || a.identity != b.identity;
}

/// All but what is taken while the hub runs: the credentials, which `changes_of` finds in the
/// registries, the tokens of the two ports and who may act from where, and the log's level.
settings without_reloaded(settings s) {
  s.log_level.clear();
  s.api_token = s.admin_token = s.custom_webhooks = secret();
  s.admin_tokens.clear();
  s.admin_public_url.clear();
  s.admin_socket_role.clear();
  for (auto& provider : s.custom) {
    provider.auth = secret();
    if (provider.oauth)
      provider.oauth->client_secret = secret();
  }
  for (const auto& vendor : providers::all_vendors())
    for (const auto& setting : vendor.settings)
      if (setting.is_secret())
        s.vendors.forget(setting.name);
  return s;
}

/// All endpoints of a vendor (`slack`, `slack_webhook`) stand for the account that they stood for.
bool is_as_it_was(std::string_view vendor, const providers::registry& running,
                  const providers::registry& fresh) {
  const auto is_of = [&](std::string_view name) {
    return name == vendor || name.starts_with(std::string(vendor) + '_');
  };
  for (const auto& [name, endpoint] : running.endpoints)
    if (is_of(name) && fresh.find(name) == nullptr)
      return false;
  for (const auto& [name, endpoint] : fresh.endpoints) {
    const auto* old = running.find(name);
    if (is_of(name) && (old == nullptr || is_other_account(*old, endpoint)))
      return false;
  }
  return true;
}

} // namespace

changed_settings changes_of(const settings& before, const providers::registry& running,
                            const settings& after, const providers::registry& fresh) {
  changed_settings out;
  out.restart_needed = without_reloaded(before) != without_reloaded(after) ||
                       running.endpoints.size() != fresh.endpoints.size();
  for (const auto& [name, endpoint] : fresh.endpoints) {
    const auto* old = running.find(name);
    if (old == nullptr || is_other_account(*old, endpoint))
      out.restart_needed = true;
    else if (!same_secrets(*old, endpoint))
      out.credentials.push_back(&endpoint);
  }
  return out;
}

result<settings_again> made_again(const settings& before, const providers::registry& running,
                                  const settings& after, std::string_view mock_base) {
  auto vendors = make_registry(after, mock_base);
  if (!vendors)
    return vendors.failure();
  auto webhooks = webhook_keys_of(after);
  if (!webhooks)
    return webhooks.failure();
  auto listening = listening_with(before, after, running);
  if (!listening)
    return listening.failure();
  auto access = admin_rules_of(after, mode_of_payments(running));
  if (!access)
    return access.failure();
  settings_again again{
      after, std::move(*vendors), std::move(*webhooks), std::move(*listening), std::move(*access),
      {}};
  again.changes = changes_of(before, running, after, again.vendors);
  return again;
}

read_settings in_force_after(read_settings before, const providers::registry& running,
                             const read_settings& after, const settings_again& again) {
  const auto take = [&](std::string_view name) {
    const auto it = after.sources.find(name);
    if (it == after.sources.end())
      before.sources.erase(std::string(name));
    else
      before.sources[std::string(name)] = it->second;
  };
  for (const auto* name : {"log_level", "api_token", "admin_token", "admin_tokens",
                           "admin_public_url", "admin_socket_role", "webhooks.custom"})
    take(name);
  for (const auto& source : providers::webhooks::sources())
    take(source.secret_setting);
  for (const auto& vendor : providers::all_vendors()) {
    // What belongs to another account or mode counts from the next start.
    if (is_as_it_was(vendor.name, running, again.vendors))
      for (const auto& setting : vendor.settings)
        if (setting.is_secret())
          take(setting.name);
  }
  return before;
}

result<handlers::order_settings> listening_with(const settings& before, const settings& after,
                                                const providers::registry& running) {
  auto with = before;
  for (const auto& vendor : providers::all_vendors())
    for (const auto& setting : vendor.settings)
      if (setting.is_secret() && after.vendors.has(setting.name))
        with.vendors.set(setting.name, after.vendors.secret_of(setting.name).reveal());
      else if (setting.is_secret())
        with.vendors.forget(setting.name);
  return order_settings_from(with, running);
}

bool take_listening(const handlers::order_settings& running, const handlers::order_settings& with) {
  const bool swept = running.webhook_sweep_ms > 0;
  running.payment_events.change(with.payment_events);
  running.label_events.change(with.label_events);
  running.sms_events.change(with.sms_events);
  running.mail_events.change(with.mail_events);
  running.webhook_sweep_ms.change(with.webhook_sweep_ms);
  return !swept && running.webhook_sweep_ms > 0;
}

} // namespace orderhub::http_gateway
