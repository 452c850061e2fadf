#include "http_gateway/settings/vendor_registry.hpp"

#include "http_gateway/settings/values.hpp"
#include "providers/custom/provider.hpp"
#include "providers/vendors.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace orderhub::http_gateway {

namespace {
/// What the built-in mock has not done by then it does not do.
constexpr std::int64_t mock_absence_ms = 200;
} // namespace

std::vector<std::string> missing_keys(const settings& s) {
  std::vector<std::string> missing;
  for (const auto& v : providers::all_vendors())
    if (v.is_required && !s.mock_mode && !s.vendors.has(v.key))
      missing.push_back(std::string(v.find(v.key)->environment) +
                        " is not set: " + std::string(v.duty) +
                        " is never skipped (MOCK_MODE=true or --mock runs without real vendors).");
  return missing;
}

result<providers::registry> make_registry(const settings& s, std::string_view mock_base) {
  const auto& all = providers::all_vendors();
  if (const auto missing = missing_keys(s); !missing.empty())
    return refuse(missing.front());

  providers::registry out;
  for (const auto& v : all) {
    for (const auto& e : v.endpoints)
      out.settings.emplace(e.name, e.configured_by);
    auto made = v.endpoints_of(v, s.configuration_of(v, mock_base));
    if (!made)
      return made.failure();
    for (auto& e : *made) {
      for (const auto& of : v.operations)
        if (const auto it = s.doubt.find(of.name); it != s.doubt.end())
          e.doubt.insert(*it);
      auto name = e.vendor;
      out.endpoints.insert_or_assign(std::move(name), std::move(e));
    }
  }
  for (const auto& provider : s.custom) {
    const auto& what = *provider.what;
    out.settings.emplace(what.vendor, "[" + what.operation + "] of the configuration file");
    if (provider.base.empty() && !s.mock_mode)
      return refuse(what.operation + ".url must be set.");
    if (provider.oauth && provider.oauth->url.empty() && !provider.base.empty())
      return refuse(what.operation + ".oauth.token_url must be set.");
    auto made = providers::custom::endpoint_of(provider, mock_base);
    if (!what.doubt.absence_after_ms)
      made.absence_after_ms =
          s.absence_after_ms < 0 && provider.base.empty() ? mock_absence_ms : s.absence_after_ms;
    out.endpoints.insert_or_assign(what.vendor, std::move(made));
  }
  return out;
}

std::string mode_of_payments(const providers::registry& vendors) {
  const auto* payment = vendors.find(providers::vendor_for(providers::vendor_role::payment).name);
  return payment != nullptr ? payment->mode : "none";
}

} // namespace orderhub::http_gateway
