#include "http_gateway/program/webhook_keys.hpp"

#include "http_gateway/settings/table.hpp"
#include "journal/base/log.hpp"

#include <string>
#include <utility>

namespace orderhub::http_gateway {

namespace hooks = providers::webhooks;

result<webhook_keys> webhook_keys_of(const settings& s) {
  webhook_keys keys;
  keys.public_url = s.public_url;
  for (const auto& source : hooks::sources()) {
    webhook_keys::of_vendor of;
    of.secrets = hooks::split_secrets(s.vendors.secret_of(source.secret_setting));
    if (const auto* row = find_setting(source.secret_setting))
      of.setting = row->id.environment;
    keys.vendors.emplace(source.vendor, std::move(of));
  }
  auto custom = hooks::read_custom_sources(s.custom_webhooks.reveal());
  if (!custom)
    return custom.failure();
  keys.custom = std::move(*custom);
  return keys;
}

void log_webhooks_off(const webhook_keys& keys) {
  for (const auto& [vendor, of] : keys.vendors)
    if (of.secrets.empty())
      log::info("webhooks_off", {{"vendor", vendor},
                                 {"setting", of.setting},
                                 {"message", "Its webhooks are refused until this is set."}});
  for (const auto& source : keys.custom)
    if (source.secrets.empty())
      log::info("webhooks_off", {{"vendor", "custom/" + source.name},
                                 {"setting", "webhooks.custom." + source.name + ".secret"},
                                 {"message", "Its webhooks are refused until this is set."}});
}

} // namespace orderhub::http_gateway
