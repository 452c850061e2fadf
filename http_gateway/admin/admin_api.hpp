#pragma once
#include "actors/host/ingress.hpp"
#include "http_gateway/ingress/access.hpp"
#include "http_gateway/server/server.hpp"

#include <functional>
#include <string>

namespace orderhub::http_gateway {

/// The admin listener: GET and HEAD of `/restate/health` and `/metrics` (Prometheus text, version
/// 0.0.4).
class admin_api final : public request_handler {
public:
  /// `public_metrics` is asked at each scrape, on the io thread: the counters of the public
  /// server. `hub_metrics_text`, where given, adds whole lines of the same format.
  admin_api(host::ingress& hub, const secret& token, std::function<server_metrics()> public_metrics,
            std::function<std::string()> hub_metrics_text = {})
      : hub_(hub), access_(token), metrics_(std::move(public_metrics)),
        more_metrics_(std::move(hub_metrics_text)) {}

  /// Another token counts from the next request on. From any thread.
  void set_token(const secret& token) { access_.set_token(token); }

  request_class class_of(http_exchange&) override { return request_class::admin; }
  void handle(http_exchange_ptr exchange) override;

private:
  [[nodiscard]] http_response answer_to(const http_request& request) const;

  host::ingress& hub_;
  access_rule access_;
  std::function<server_metrics()> metrics_;
  std::function<std::string()> more_metrics_;
};

/// Prometheus text of what a server counts.
std::string metrics_text(const server_metrics& counters);

} // namespace orderhub::http_gateway
