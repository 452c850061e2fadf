#pragma once
#include "http_gateway/settings/settings.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

struct setting_name {
  std::string_view name;        ///< In the TOML file, a dot for its section: `stripe.api_key`.
  std::string_view environment; ///< `STRIPE_API_KEY`
  std::string_view help;
  std::string_view fallback;      ///< The default as the text that would set it, or empty.
  std::string_view fallback_note; ///< What else counts where it is not set, for people.
  bool is_secret = false; ///< Never taken from a flag: a command line is public on its machine.
  std::string_view group = {}; ///< Heading in the documents.
};

/// A setting: its name, and how its text becomes a value. `set` fails as the functions of
/// `values.hpp` do.
struct setting_row {
  setting_name id;
  std::function<result<void>(settings&, std::string_view)> set;
};

/// The heading of what is done in doubt.
inline constexpr std::string_view doubt_group = "In doubt";
inline constexpr std::string_view fallback_group = "Second providers";

/// The one table: documents, flags, environment and file all follow it. Rows of a group lie
/// together.
const std::vector<setting_row>& setting_table();

/// Null where there is no setting of that name.
const setting_row* find_setting(std::string_view name);

/// Every setting there is, in the order of the documents.
std::vector<setting_name> setting_names();

/// The flag of a setting, `--stripe-api-base`; empty where it has none.
std::string flag_of(const setting_name& name);

} // namespace orderhub::http_gateway
