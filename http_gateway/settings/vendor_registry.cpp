#include "http_gateway/settings/vendor_registry.hpp"

#include "http_gateway/settings/values.hpp"
#include "providers/vendors.hpp"

#include <string>
#include <utility>

namespace orderhub::http_gateway {

result<providers::registry> make_registry(const settings& s, std::string_view mock_base) {
  const auto& all = providers::all_vendors();
  for (const auto& v : all)
    if (v.is_required && !s.mock_mode && !s.vendors.has(v.key))
      return refuse(std::string(v.find(v.key)->environment) +
                    " is not set: " + std::string(v.duty) +
                    " is never skipped (MOCK_MODE=true or --mock runs without real vendors).");

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
  return out;
}

} // namespace orderhub::http_gateway
