#pragma once
#include "http_gateway/server/server.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/secret.hpp"

#include <mutex>
#include <optional>
#include <string_view>

namespace orderhub::http_gateway {

/// Who may ask. With a token: whoever sends it. Without one: only requests that name a loopback
/// host, and whose `Origin`, where there is one, is a loopback origin: a web page, a rebinding name
/// or a tunnel that leads here reaches nothing. From any thread.
class access_rule {
public:
  /// An empty token is none.
  explicit access_rule(const secret& token);
  /// Another one counts from the next request on.
  void set_token(const secret& token);
  /// The refusal, 401 or 403, or nothing.
  [[nodiscard]] std::optional<http_response> refusal(const http_request& request) const;

private:
  mutable std::mutex mutex_; ///< Guards the two below.
  bool has_token_ = false;
  digest token_hash_{}; ///< Equal sizes to compare, and no copy.
};

/// `http` or `https`, a loopback host, nothing behind. `null` is foreign.
bool is_loopback_origin(std::string_view origin);

} // namespace orderhub::http_gateway
