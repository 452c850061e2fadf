#pragma once
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/command_tree.hpp"
#include "journal/base/result.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway::cli {

/// What a word may become.
struct candidate {
  std::string text;
  std::string help; ///< One line; may be empty.
};

/// What a running hub knows of a positional (`KEY`, `NAME` of a vendor) or of an option's value
/// (`--vendor`), for words that begin so; of a context its file.
/// Answers within a moment, or with nothing. `path`: of the command, `orderhub orders show`.
using asks_hub = std::function<std::vector<candidate>(
    std::string_view path, std::string_view positional, std::string_view begin)>;

/// The hub that the words and the environment name, asked for 300 ms at most; a function that is
/// none where they name no hub.
asks_hub asks_running_hub(std::span<const std::string> words,
                          const environment_reader& environment);

/// What the last of the words may become; those before it stand. Words are without the program's
/// name. Nothing where a file is wanted, or anything: the shell knows better.
std::vector<candidate> completed(const described_command& program,
                                 std::span<const std::string> words, const asks_hub& hub);

/// A line each, text and help with a tab between them; as `orderhub __complete WORD…` prints them.
std::string completion_lines(const std::vector<candidate>& all);

/// The script that has a shell ask: `bash`, `zsh`, `fish`; nothing for another.
std::optional<std::string> completion_script(std::string_view shell);

} // namespace orderhub::http_gateway::cli
