#pragma once
#include "journal/base/secret.hpp"

#include <string>

namespace orderhub::providers {

/// An OAuth 2 client that gets tokens by its own credentials (RFC 6749, 4.4).
struct token_client {
  std::string url; ///< Of the token endpoint; from the configuration only.
  std::string id;
  secret client_secret;
  std::string scope;            ///< Empty: none is asked for.
  bool is_sent_in_body = false; ///< Id and secret as fields; else as HTTP Basic.

  friend bool operator==(const token_client&, const token_client&) = default;
};

} // namespace orderhub::providers
