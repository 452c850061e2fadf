#pragma once
#include "http_gateway/settings/settings.hpp"
#include "http_gateway/settings/sources.hpp"
#include "providers/mock/webhooks/queue.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace orderhub::http_gateway {

/// `orderhub serve`: runs until SIGTERM or SIGINT. The exit status: 0 after a clean stop, 1 where
/// it could not start or go on, the reason being on standard error. At SIGHUP it calls `read_again`
/// and takes the vendors' secrets from what that yields.
int serve(const read_settings& given, const std::function<result<read_settings>()>& read_again);

/// `orderhub mock`.
struct mock_command {
  listen_address listen{"127.0.0.1", 8090};
  std::uint64_t seed = 1;
  std::int64_t latency_ms = 0;
  std::string control_path;   ///< A control document, applied before the first request.
  bool ledger_counts = false; ///< Keep counts by order instead of one line an effect.
  std::string webhooks_to;    ///< The hub's `http://H:P`; empty: no webhooks.
  /// A file that gets the webhooks' secrets, as `NAME=value` lines for the hub's environment. What
  /// the environment already has of them is taken from there.
  std::string webhook_secrets_path;
  std::string webhook_log_path; ///< As in `webhook_sender_options`.
  providers::mock::webhook_manner webhooks;
  std::int64_t transit_ms = 15'000, delivery_ms = 15'000; ///< As in the mock's options.
};
/// Runs the mock vendors alone until SIGTERM or SIGINT. Prints one line `mock vendors on
/// http://H:P` to standard output when it listens. 0 after a clean stop, else 1.
int run_mock(const mock_command& command);

/// `orderhub contract check`.
struct contract_command {
  std::string url; ///< What stands before `/v1`.
  std::string token;
  std::string only; ///< `inventory`, `warehouse` or `carrier`; empty: every service.
  std::string product = "orderhub-check";
};
/// Holds a server against the contract of `providers/contracts` and prints a line a rule. 0 where
/// all of them are kept, 1 where one is not, 2 where it could not be asked.
int run_contract_check(const contract_command& command);

/// `orderhub token …`.
struct token_command {
  bool is_new = false; ///< Else they are listed.
  std::string path;    ///< As the setting `admin_tokens`.
  std::string name, role = "read";
  std::int64_t days = 0; ///< Until it expires; 0: never.
  bool on_behalf = false;
};
/// Makes a token and adds its digest to the file, or lists what the file has. 0, or 2 where it
/// could not be done.
int run_token(const token_command& command);

/// `orderhub journal …`.
struct journal_command {
  enum class verb : std::uint8_t { verify, dump, stats, backup, compact, restore };
  verb command = verb::stats;
  std::string data_dir;
  std::string object; ///< `dump`: only this `service/key`; empty for all.
  std::string source; ///< `restore`: the copy.
  /// `backup`, `restore`: a directory that does not exist yet, or is empty.
  std::string destination;
  std::string reason;      ///< `compact`, where a hub runs.
  bool only_looks = false; ///< `restore`: copies nothing.
  bool verify = false;     ///< `backup`: as `journal::tool::backup_options`, and the next.
  std::size_t keep = 0;
};
/// 0; 1 where the journal is damaged; 2 where it could not be done. Works in a child process whose
/// id no reader of the journal has (`journal::tool::id_taken`).
int journal_tool(const journal_command& command);

} // namespace orderhub::http_gateway
