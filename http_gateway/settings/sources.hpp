#pragma once
#include "http_gateway/settings/settings.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

using environment = std::function<const char*(const char* name)>;
/// (setting name, text) as given on the command line.
using flag_values = std::vector<std::pair<std::string, std::string>>;

/// Reads and checks all sources. Empty environment variables count as not set. Fails with `invalid`
/// and a message that names the setting as it was given, never the value of a secret.
result<settings> load_settings(const flag_values& flags, const environment& env);

/// The same for text already read; `origin` stands for the file in messages.
result<void> apply_toml(settings& to, std::string_view text, std::string_view origin);

} // namespace orderhub::http_gateway
