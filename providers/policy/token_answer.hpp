#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/http_message.hpp"
#include "providers/token_client.hpp"
#include "providers/transport.hpp"

#include <cstdint>

namespace orderhub::providers {

/// A bearer token as it was given (RFC 6749, 5.1).
struct token_grant {
  secret token;
  /// From when it was asked for; a server that does not say gives it for five minutes here.
  std::int64_t life_ms = 0;
};

/// Asks for one, `grant_type=client_credentials`. It holds secrets.
wire_request token_request(const token_client& client, std::int64_t deadline_ms);

/// Reads the answer. `misconfigured`: the client is refused (a 4xx other than 408, 425, 429), with
/// the code of RFC 6749, 5.2 (`invalid_client`). `unavailable`: everything else that is no token.
result<token_grant> read_token(const http_response& response);

} // namespace orderhub::providers
