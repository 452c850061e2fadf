#pragma once
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/client.hpp"
#include "http_gateway/cli/list_output.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <variant>

namespace orderhub::http_gateway::cli {

/// What a command does, and its exit status.
using command_work =
    std::function<int(const client& hub, bool wants_json, std::ostream& out, std::ostream& err)>;
/// Adds a command with the options that all of them have.
using command_adder =
    std::function<CLI::App*(CLI::App& to, const char* name, const char* help, command_work does)>;

/// A list's whole answer, all pages in one, or the exit status.
using list_work =
    std::function<std::variant<std::string, int>(const client& hub, std::ostream& err)>;
/// Adds a command that prints a list in each of its forms.
using list_adder = std::function<CLI::App*(CLI::App& to, const char* name, const char* help,
                                           const list_kind& kind, list_work does)>;

/// `webhooks …` to the program's, and to `vendors` what is done to one. `add_lines`: as `add`, of
/// what goes on and on, whose JSON is a line each. `environment` is asked when a command runs.
void add_hook_commands(CLI::App& app, CLI::App& vendors, const command_adder& add,
                       const command_adder& add_lines, const list_adder& add_list,
                       const environment_reader& environment);

} // namespace orderhub::http_gateway::cli
