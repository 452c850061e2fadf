#pragma once
#include "http_gateway/settings/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// What `serve` requires beyond single values: a token for a foreign listener, real addresses where
/// payment is live.
result<void> check_for_serve(const settings& s);
/// The same, all that is wrong: a sentence each.
std::vector<std::string> faults_for_serve(const settings& s);

/// What the person who starts the hub should know.
struct finding {
  std::string_view event; ///< Constant name for the log.
  std::string setting;
  std::string message;
};

/// Sample defaults in use, skipped vendors, what vendors say of themselves, mixed modes, sync off.
std::vector<finding> findings_of(const settings& s);

} // namespace orderhub::http_gateway
