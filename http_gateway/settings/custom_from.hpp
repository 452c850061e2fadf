#pragma once
#include "journal/base/result.hpp"
#include "providers/custom/provider.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// A setting of a custom provider, in the TOML file only: `path` of `[custom.crm]`.
struct custom_setting {
  std::string_view name;     ///< With its section: `look_up.path`.
  std::string_view fallback; ///< What counts where it is not set, for people.
  std::string_view help;
};
/// Every one there is, in the order of the documents.
const std::vector<custom_setting>& custom_settings();

/// Reads `[custom.<name>]`, given as the JSON text of an object with the same members. Secrets
/// that it names by variables are not there yet. Fails with `invalid` and a message that names the
/// setting and says what it must be, `custom.crm.path must begin with /`; it shows no value.
/// Whether one without `after` and `instead_of` is called at all, `name_fallbacks` knows.
result<providers::custom::provider> custom_from(const std::string& name, std::string_view json);

/// Takes the secrets that it names from the environment. Fails with `invalid` where a variable that
/// it names is not set, or cannot stand in a header.
result<void> take_secrets(providers::custom::provider& of,
                          const std::function<const char*(const char*)>& env);

} // namespace orderhub::http_gateway
