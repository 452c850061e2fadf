#pragma once
#include "http_gateway/server/exchange.hpp"

#include <string>

namespace orderhub::http_gateway {

/// `POST /webhooks/{vendor}` or `/webhooks/custom/{name}`: outside the rule about tokens, hosts and
/// origins, since each has its own signature.
struct webhook_route {
  std::string vendor; ///< `stripe`, `custom/erp`.
};

/// Whoever takes webhooks in.
class webhook_taker {
public:
  virtual ~webhook_taker() = default;
  /// On an io thread; returns at once. The exchange is answered once, from any thread.
  virtual void take(const webhook_route& route, http_exchange_ptr exchange) = 0;
};

} // namespace orderhub::http_gateway
