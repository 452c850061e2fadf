#pragma once
#include "journal/base/secret.hpp"
#include "providers/http_message.hpp"
#include "providers/token_client.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::providers {

/// A request ready for the wire. Lives only in memory: it holds secrets.
struct wire_request {
  std::string method;
  secret url; ///< Whole URL. Secret because some vendors (Slack webhooks) hide a key in the path.
  header_list headers;
  std::vector<std::pair<std::string, secret>> secret_headers; ///< Authorization.
  std::string body;
  /// Whose token it shows; null: none. What gets it is `transport/token_transport.hpp`.
  std::shared_ptr<const token_client> token = {};
  std::int64_t deadline_ms = 30'000; ///< From the start of the connection to the last byte.
  /// Takes a connection of its own, opened now: set for what repeats a call whose answer was lost.
  bool fresh_connection = false;
  /// May be one of many on one connection (HTTP/2), whose break leaves all of them in doubt: of
  /// what is repeated under its key, and of what has no effect that counts.
  bool may_multiplex = false;
};

enum class outcome_kind : std::uint8_t {
  response = 1, ///< A whole answer arrived; `response` holds it.
  not_sent = 2, ///< Refused, no route, DNS or TLS failure: not one request byte left.
  lost = 3,     ///< Bytes may have left, and no whole answer came back.
};
/// What became of one call.
struct transport_outcome {
  outcome_kind kind = outcome_kind::lost;
  http_response response;
  std::string reason; ///< For `not_sent` and `lost`: constant text without URL or secret.
  /// `not_sent`: no token is given for this credential, and none will be until it has changed.
  bool is_credential_refused = false;
  std::int64_t took_ms =
      0; ///< From its leaving to its end, as who gave it to the transport saw it.
};

/// Sends requests. Every call ends in exactly one callback, from any thread, never from inside
/// `send` itself. Never resends by itself and follows no redirects.
class transport {
public:
  using callback = std::function<void(transport_outcome)>;
  virtual ~transport() = default;
  virtual void send(wire_request request, callback done) = 0;
};

} // namespace orderhub::providers
