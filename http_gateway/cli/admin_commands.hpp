#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"

#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

// NOLINTBEGIN(readability-identifier-naming): CLI11's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

/// The commands that ask a running hub: `orders`, `vendors`, `status`. They know it by its admin
/// listener alone, so they run on any machine that reaches it.
namespace orderhub::http_gateway::cli {

/// Exit statuses, the same for every command.
enum exit_status : int {
  done = 0,
  not_in_order = 1, ///< Answered, and not well: a hub that takes no orders.
  wrong_use = 2,    ///< Arguments, settings, or what this hub cannot.
  not_found = 3,
  not_allowed = 4,
  conflict = 5,
  not_reached = 6,
  not_yet = 7,     ///< What was waited for has not come in time.
  not_written = 8, ///< Done, but what it printed could not be written.
};

/// Of an answer that is no success.
exit_status exit_status_of(std::uint16_t http_status);

using environment_reader = std::function<const char*(const char* name)>;

/// What was asked for on the command line.
class admin_commands {
public:
  /// Adds the commands to the program's.
  explicit admin_commands(CLI::App& app);
  ~admin_commands();
  admin_commands(const admin_commands&) = delete;
  admin_commands& operator=(const admin_commands&) = delete;

  /// One of them is what the command line says.
  [[nodiscard]] bool is_meant() const;
  /// Does it. The hub: `--server` (`--url`), `ORDERHUB_ADMIN` (`ORDERHUB_ADMIN_URL`), the context
  /// in use (contexts.hpp); where neither these nor a token is given, the Unix socket of this
  /// environment's hub (`ORDERHUB_ADMIN_SOCKET`, `ORDERHUB_DATA_DIR`) if one listens there; where
  /// `ORDERHUB_ADMIN_LISTEN` says that it listens; without a token again the socket
  /// /run/orderhub/admin.sock; else http://127.0.0.1:9070. Its token: `--token-file`,
  /// `ORDERHUB_ADMIN_TOKEN`, `ORDERHUB_ADMIN_TOKEN_FILE`, the context's where the hub is; never an
  /// argument.
  /// `in`: where keys (`-`) and the answers to questions come from.
  int run(const environment_reader& environment, std::ostream& out, std::ostream& err,
          std::istream& in = std::cin) const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

/// Where the hub is, and what lets one in. Fails with `invalid`: a URL or a file that is none, or a
/// context's token that is not to be had; its command has `token_command_ms`, and with 0 is not
/// run.
struct admin_address {
  std::string url;
  secret token;
  std::string socket; ///< Path of the Unix socket; empty: by the URL's host and port.
};
result<admin_address> admin_address_of(const std::string& url_flag, const std::string& token_file,
                                       const environment_reader& environment,
                                       std::int64_t token_command_ms = 10'000);

} // namespace orderhub::http_gateway::cli
