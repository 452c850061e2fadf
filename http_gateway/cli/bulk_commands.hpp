#pragma once
#include "http_gateway/cli/hook_commands.hpp"

#include <functional>
#include <istream>

namespace orderhub::http_gateway::cli {

/// `bulk …` to the program's. `input`: where keys (`-`) and the answers to questions come from,
/// when a command runs.
void add_bulk_commands(CLI::App& app, const command_adder& add, const list_adder& add_list,
                       const std::function<std::istream&()>& input);

} // namespace orderhub::http_gateway::cli
