#pragma once
#include "http_gateway/cli/admin_commands.hpp"

#include <optional>
#include <ostream>
#include <string>

namespace orderhub::http_gateway::cli {

/// `orderhub journal compact` where a hub runs on that data directory: has it do that
/// (`POST /admin/journal/compact`), by the socket in there, and waits for the end. The exit status,
/// 2 where it did not come to its end; nothing: no hub listens there, and nothing was done.
std::optional<int> compact_by_hub(const std::string& data_dir, const std::string& reason,
                                  const environment_reader& environment, std::ostream& out,
                                  std::ostream& err);

} // namespace orderhub::http_gateway::cli
