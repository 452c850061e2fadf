#pragma once
#include "http_gateway/cli/admin_commands.hpp"
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// Hubs that the command line knows by a name, in a file of whoever types:
///
///     use = "live"
///     [context.live]
///     server = "https://hub.example.com"
///     token_command = "pass show orderhub/live"
///     [context.here]
///     server = "unix:/run/orderhub/admin.sock"
///
/// A token is never in it.
namespace orderhub::http_gateway::cli {

struct hub_context {
  std::string name;       ///< 1 to 60 letters, digits, dots, dashes and underscores.
  std::string server;     ///< A URL, or `unix:PATH`.
  std::string token_file; ///< Of an absolute path; empty: none.
  /// A line for /bin/sh, which prints the token; empty: none. At most one of the two is there.
  std::string token_command;

  friend bool operator==(const hub_context&, const hub_context&) = default;
};

struct context_file {
  std::string path;             ///< Empty: this environment has no home.
  std::string in_use;           ///< One of their names; empty: none is.
  std::vector<hub_context> all; ///< By name.

  [[nodiscard]] const hub_context* find(std::string_view name) const;
};

/// Of `$XDG_CONFIG_HOME/orderhub/cli.toml`, or `~/.config/orderhub/cli.toml`. A file that is not
/// there has no contexts. Fails with `invalid`, a sentence that names the file and shows no value:
/// it cannot be read, is above 1 MiB or none of this form, holds a token, or others than its owner
/// may write it, who would say what is run.
result<context_file> read_contexts(const environment_reader& environment);

/// Has the file say which one is used, empty: none; all else in it stays as it is. Fails likewise,
/// with `not_found` where there is no context of that name; the file is unchanged then.
result<void> use_context(const environment_reader& environment, std::string_view name);

/// What the token of a context is, blank where it has none. A file must be its owner's alone. A
/// command prints one line of at most 4 KiB within the time given; else it is killed with all that
/// it started. Nothing of its output is ever shown. Fails with `invalid`.
result<secret> token_of(const hub_context& context, std::int64_t within_ms = 10'000);

/// `orderhub context list`, and `use NAME`. Exit statuses.
int list_contexts(const environment_reader& environment, bool wants_json, std::ostream& out,
                  std::ostream& err);
int choose_context(const environment_reader& environment, std::string_view name, std::ostream& out,
                   std::ostream& err);

} // namespace orderhub::http_gateway::cli
