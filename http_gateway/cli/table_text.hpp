#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway::cli {

/// Columns under their titles, two spaces between them, as wide as their longest cell, without
/// trailing spaces; nothing is cut. Control characters are shown as `?`: what a vendor or a caller
/// wrote must not steer a terminal.
std::string table_text(const std::vector<std::string>& titles,
                       const std::vector<std::vector<std::string>>& rows);
/// `name   value` lines.
std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs);
/// Text of several lines as a terminal may have it: all control characters but line ends go.
std::string safe_text(std::string_view text);

} // namespace orderhub::http_gateway::cli
