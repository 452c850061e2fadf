#include "providers/vendor.hpp"

#include <optional>
#include <utility>

namespace orderhub::providers {

void vendor_values::set(std::string_view name, std::string value) {
  if (value.empty())
    forget(name);
  else
    values_.insert_or_assign(std::string(name), secret(std::move(value)));
}

void vendor_values::forget(std::string_view name) {
  if (const auto it = values_.find(name); it != values_.end())
    values_.erase(it);
}

const secret& vendor_values::secret_of(std::string_view name) const {
  static const secret none;
  const auto it = values_.find(name);
  return it == values_.end() ? none : it->second;
}

const vendor_setting* vendor::find(std::string_view setting) const {
  for (const auto& s : settings)
    if (s.name == setting)
      return &s;
  return nullptr;
}

endpoint endpoint_with_key(const vendor& of, const key_endpoint& how,
                           const vendor_configuration& configured) {
  endpoint e;
  e.vendor = of.name;
  e.absence_after_ms = configured.absence_after_ms;
  const bool built_in = configured.is_built_in_mock(of.base);
  e.mode = of.mode_of(configured);
  if (built_in) {
    e.base = std::string(configured.mock_base) + "/" + e.vendor;
    e.identity = "built-in";
    if (e.absence_after_ms < 0)
      e.absence_after_ms = 200;
  } else {
    e.base = configured.values.has(of.base) ? configured.values.text_of(of.base)
                                            : std::string(how.own_base);
  }
  const auto& key = configured.values.secret_of(of.key);
  e.secret_headers.emplace_back(
      "Authorization",
      secret(std::string(how.prefix) +
             (built_in || key.empty() ? std::string(how.mock_key) : key.reveal())));
  return e;
}

void add_limits(endpoint& to, const key_endpoint& how, const vendor_configuration& configured,
                const std::vector<documented_limit>& limits) {
  for (const auto& documented : limits) {
    std::optional<rate_limit> limit;
    if (configured.values.has(documented.setting)) {
      // Checked when it was set; `none` is no limit.
      if (auto given = parse_rate_limit(configured.values.text_of(documented.setting)))
        limit = *given;
    } else if (to.base == how.own_base) {
      limit = to.mode == "live" ? documented.live : documented.test;
    }
    if (limit && limit->count > 0)
      to.limits.push_back({std::string(documented.call_class), *limit, documented.per_key});
  }
}

} // namespace orderhub::providers
