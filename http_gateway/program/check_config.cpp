#include "http_gateway/program/check_config.hpp"

#include "http_gateway/cli/table_text.hpp"
#include "http_gateway/program/admin_rules.hpp"
#include "http_gateway/program/webhook_keys.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

/// Where the built-in mocks would listen.
constexpr std::string_view any_mock_base = "http://127.0.0.1:1";

bool names(std::string_view sentence, const setting_name& setting) {
  return sentence.find(setting.environment) != std::string_view::npos ||
         sentence.starts_with(setting.name);
}

/// What follows from another fault is none of its own: a key that is refused is not missing.
bool follows_from(const std::string& fault, const std::vector<std::string>& earlier) {
  for (const auto& row : setting_table())
    if (names(fault, row.id) && std::any_of(earlier.begin(), earlier.end(),
                                            [&](const auto& e) { return names(e, row.id); }))
      return true;
  return false;
}

/// What `serve` makes of settings that can be read, as far as it gets.
std::vector<std::string> faults_of_use(const settings& s) {
  auto faults = faults_for_serve(s);
  for (auto& missing : missing_keys(s))
    faults.push_back(std::move(missing));
  const auto expect = [&](const auto& made) {
    if (!made && std::find(faults.begin(), faults.end(), made.error().message) == faults.end())
      faults.push_back(made.error().message);
    return made.has_value();
  };
  expect(webhook_keys_of(s));
  const auto vendors = make_registry(s, s.mock_mode ? any_mock_base : std::string_view());
  if (!expect(vendors))
    return faults;
  expect(order_settings_from(s, *vendors));
  expect(admin_rules_of(s, mode_of_payments(*vendors)));
  return faults;
}

bool holds_secrets(const read_settings& read) {
  return std::any_of(setting_table().begin(), setting_table().end(),
                     [&](const setting_row& row) {
                       const auto it = read.sources.find(row.id.name);
                       return row.id.is_secret && it != read.sources.end() &&
                              it->second.from == setting_origin::file;
                     }) ||
         std::any_of(read.values.custom.begin(), read.values.custom.end(), [](const auto& p) {
           return (p.secret_from.empty() && !p.auth.empty()) ||
                  (p.oauth && p.client_secret_from.empty());
         });
}

void add_file_modes(std::vector<std::string>& notes, const read_settings& read) {
  struct stat about{};
  const auto& path = read.values.config_path;
  if (path.empty() || ::stat(path.c_str(), &about) != 0 || (about.st_mode & 077) == 0)
    return;
  if (holds_secrets(read))
    notes.push_back(path + " holds secrets, and others than its owner may read it: chmod 600.");
}

} // namespace

std::vector<program_control::setting_in_force> settings_of(const read_settings& read, bool all) {
  std::vector<program_control::setting_in_force> out;
  for (const auto& row : setting_table()) {
    const auto it = read.sources.find(row.id.name);
    if (it != read.sources.end())
      out.push_back({std::string(row.id.name), it->second.text, name_of(it->second.from)});
    else if (all)
      out.push_back({std::string(row.id.name),
                     std::string(row.id.fallback.empty() ? row.id.fallback_note : row.id.fallback),
                     name_of(setting_origin::built_in)});
  }
  for (const auto& [name, given] : read.sources)
    if (name.starts_with("custom."))
      out.push_back({name, given.text, name_of(given.from)});
  return out;
}

config_report check_config(const flag_values& flags, const environment& env) {
  config_report report;
  report.read = read_all_settings(flags, env);
  report.faults = report.read.faults;
  for (auto& fault : faults_of_use(report.read.values))
    if (!follows_from(fault, report.read.faults))
      report.faults.push_back(std::move(fault));
  for (const auto& f : findings_of(report.read.values))
    report.notes.push_back(f.setting + ": " + f.message);
  add_file_modes(report.notes, report.read);
  return report;
}

std::string shown_config(const config_report& report, bool all) {
  std::string out;
  for (const auto& fault : report.faults)
    out += "WRONG  " + cli::safe_text(fault) + '\n';
  for (const auto& note : report.notes)
    out += "note   " + cli::safe_text(note) + '\n';
  std::vector<std::vector<std::string>> rows;
  for (const auto& s : settings_of(report.read, all))
    rows.push_back({s.name, s.value, std::string(s.from)});
  if (!out.empty() && !rows.empty())
    out += '\n';
  if (!rows.empty())
    out += cli::table_text({"SETTING", "VALUE", "FROM"}, rows);
  out += report.faults.empty() ? "The configuration is sound.\n"
                               : "Not sound, in " + std::to_string(report.faults.size()) +
                                     " points: serve would not start.\n";
  return out;
}

std::string config_json(const config_report& report, bool all,
                        const std::vector<live_finding>* live) {
  json settings = json::object();
  for (const auto& s : settings_of(report.read, all))
    settings[s.name] = {{"value", s.value}, {"from", s.from}};
  json all_of_it{{"sound", report.faults.empty()},
                 {"faults", report.faults},
                 {"notes", report.notes},
                 {"settings", std::move(settings)}};
  if (live != nullptr) {
    const auto or_null = [](const std::string& text) {
      return text.empty() ? json(nullptr) : json(text);
    };
    auto& list = all_of_it["live"] = json::array();
    for (const auto& f : *live)
      list.push_back({{"vendor", f.vendor},
                      {"key", name_of(f.what)},
                      {"mode", or_null(f.mode)},
                      {"account", or_null(f.account)},
                      {"why", or_null(f.text)}});
  }
  return all_of_it.dump() + '\n';
}

} // namespace orderhub::http_gateway
