#pragma once
#include "http_gateway/admin/program_control.hpp"
#include "http_gateway/program/live_check.hpp"
#include "http_gateway/settings/sources.hpp"

#include <string>
#include <vector>

namespace orderhub::http_gateway {

/// A configuration as `serve` would take it, without starting anything: no port, no journal, no
/// vendor is touched.
struct config_report {
  read_settings read;
  std::vector<std::string> faults; ///< Why `serve` would not start: a sentence each, all of them.
  std::vector<std::string> notes;  ///< What whoever starts it should know.
};
config_report check_config(const flag_values& flags, const environment& env);

/// The settings that were given, or with `all` every one, in the order of the documents: as
/// `check-config` and `GET /admin/config` show them. No secret is in it.
std::vector<program_control::setting_in_force> settings_of(const read_settings& read, bool all);

/// Faults and notes, then a table of the settings that were given, or with `all` of every one:
/// value and where it comes from. Of a secret no more than whether it is set, and its digest's
/// begin.
std::string shown_config(const config_report& report, bool all);
/// The same as one JSON document; `live`: what the vendors made of their keys, null where they were
/// not asked.
std::string config_json(const config_report& report, bool all,
                        const std::vector<live_finding>* live = nullptr);

} // namespace orderhub::http_gateway
