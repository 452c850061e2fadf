#pragma once
#include "journal/base/secret.hpp"
#include "providers/custom/call.hpp"
#include "providers/registry.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::custom {

/// A described provider and where it is reached.
struct provider {
  description_ptr what;
  std::string source; ///< As it was written, without secrets and in one form: equal where it says
                      ///< the same.
  std::string base;   ///< Its URL; empty: the built-in mock's, in mock mode.
  std::string auth_header = "Authorization";
  std::string auth_prefix = "Bearer ";
  std::string secret_from; ///< The environment variable that holds its secret; empty: none.
  secret auth;
  std::optional<token_client> oauth; ///< Then its token is shown instead.
  std::string client_secret_from;    ///< The environment variable that holds that client's secret.
  std::vector<call_limit> limits;

  /// What it says, and its secrets.
  friend bool operator==(const provider& a, const provider& b) {
    return a.source == b.source && a.auth == b.auth && a.oauth == b.oauth;
  }
};

/// Where its calls go. `mock_base` counts where it has no URL.
endpoint endpoint_of(const provider& of, std::string_view mock_base);

} // namespace orderhub::providers::custom
