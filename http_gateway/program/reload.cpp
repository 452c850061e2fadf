#include "http_gateway/program/reload.hpp"

#include "http_gateway/program/admin_rules.hpp"
#include "http_gateway/program/webhook_keys.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "providers/vendors.hpp"

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

} // namespace

changed_settings changes_of(const settings& before, const providers::registry& running,
                            const settings& after, const providers::registry& fresh) {
  changed_settings out;
  out.restart_needed = without_reloaded(before) != without_reloaded(after) ||
                       running.endpoints.size() != fresh.endpoints.size();
  for (const auto& [name, endpoint] : fresh.endpoints) {
    const auto* old = running.find(name);
    if (old == nullptr || old->base != endpoint.base || old->mode != endpoint.mode ||
        old->identity != endpoint.identity)
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
