#pragma once
#include "http_gateway/cli/command_tree.hpp"
#include "journal/base/time.hpp"

#include <span>
#include <string>
#include <string_view>

namespace orderhub::http_gateway::cli {

/// A setting, as the page about the file has it.
struct described_setting {
  std::string_view name, environment, help, built_in, group;
  bool is_secret = false;
};

/// `orderhub.1` in mdoc(7), for whoever packages the program. `day`: of its date.
std::string man_page(const described_command& program, unix_ms day);
/// `orderhub.toml.5`, likewise.
std::string config_man_page(std::span<const described_setting> settings, unix_ms day);

} // namespace orderhub::http_gateway::cli
