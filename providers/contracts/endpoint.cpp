#include "providers/contracts/endpoint.hpp"

#include <string>
#include <utility>

namespace orderhub::providers::contracts {

std::string_view mode_of(const service& of, const vendor_configuration& configured) {
  return configured.is_disabled || !configured.values.has(of.base) ? "" : "live";
}

std::vector<endpoint> endpoints_of(const service& of, const vendor_configuration& configured) {
  if (mode_of(of, configured).empty())
    return {};
  endpoint e;
  e.vendor = of.name;
  e.mode = mode_of(of, configured);
  e.base = configured.values.text_of(of.base);
  e.absence_after_ms = configured.absence_after_ms;
  if (const auto& key = configured.values.secret_of(of.key); !key.empty())
    e.secret_headers.emplace_back("Authorization", secret("Bearer " + key.reveal()));
  return {std::move(e)};
}

vendor without_functions(const service& of) {
  vendor v;
  v.name = of.name;
  v.title = of.title;
  v.role = of.role;
  v.key = of.base; // It is the base URL that configures it.
  v.base = of.base;
  v.settings = {
      {of.base, of.base_environment, of.help, "none: it is not used", setting_kind::base_url,
       "/v1"},
      {of.key, of.key_environment, "its bearer token", "none", setting_kind::key},
  };
  v.endpoints = {{of.name, of.configured_by}};
  return v;
}

} // namespace orderhub::providers::contracts
