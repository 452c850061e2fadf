#pragma once
#include "http_gateway/settings/settings.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

using environment = std::function<const char*(const char* name)>;
/// (setting name, text) as given on the command line.
using flag_values = std::vector<std::pair<std::string, std::string>>;

/// Where a setting's value comes from.
enum class setting_origin : std::uint8_t { built_in, file, env_variable, flag };
std::string_view name_of(setting_origin origin);

/// What all sources say together, and everything that is wrong with it.
struct read_settings {
  settings values;                 ///< Without what is wrong.
  std::vector<std::string> faults; ///< A sentence each, which names the setting as it was given.
  /// A setting that was given: from where, and its text; of a secret only the beginning of its
  /// digest, `set (sha256 ab12cd34)`.
  struct given {
    setting_origin from = setting_origin::built_in;
    std::string text;
  };
  std::map<std::string, given, std::less<>> sources; ///< By name; what is not here is built in.
};
/// Goes on behind what is wrong. Fails never: it says so in `faults`.
read_settings read_all_settings(const flag_values& flags, const environment& env);

/// Reads and checks all sources. Empty environment variables count as not set. Fails with `invalid`
/// and a message that names the setting as it was given, never the value of a secret: the first of
/// the faults.
result<settings> load_settings(const flag_values& flags, const environment& env);

/// The same, with where each value comes from.
result<read_settings> load_settings_with_sources(const flag_values& flags, const environment& env);

/// The same for text already read; `origin` stands for the file in messages.
result<void> apply_toml(settings& to, std::string_view text, std::string_view origin);

} // namespace orderhub::http_gateway
