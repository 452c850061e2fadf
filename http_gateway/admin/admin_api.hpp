#pragma once
#include "actors/host/ingress.hpp"
#include "actors/host/operator.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/ingress/access.hpp"
#include "http_gateway/server/server.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// The admin listener: GET and HEAD of `/restate/health`, of `/metrics` (Prometheus text, version
/// 0.0.4), and the paths of `admin_routes`, which show a running hub to an operator (GET) and do
/// what an operator wants (POST).
///
/// Everything is answered on the io thread of this listener, which is none of the public one's: a
/// page reads a bounded number of rows and waits for nobody.
class admin_api final : public request_handler {
public:
  /// Of the pages; they are 404 where it is not given.
  struct shown_hub {
    host::operator_view view;
    hub_description about;
    host::vendor_control* vendors = nullptr; ///< Outlives it; null: they are shown only.
    const webhook_desk* webhooks = nullptr;  ///< Outlives it; null: there are none.
  };

  /// `public_metrics` is asked at each scrape, on the io thread: the counters of the public
  /// server. `hub_metrics_text`, where given, adds whole lines of the same format.
  admin_api(host::ingress& hub, const secret& token, std::function<server_metrics()> public_metrics,
            std::function<std::string()> hub_metrics_text = {},
            std::optional<shown_hub> shown = std::nullopt);

  /// Another token counts from the next request on. From any thread.
  void set_token(const secret& token) { access_.set_token(token); }

  request_class class_of(http_exchange&) override { return request_class::admin; }
  void handle(http_exchange_ptr exchange) override;

private:
  [[nodiscard]] http_response answer_to(const http_request& request) const;
  void show(const http_exchange_ptr& exchange) const;

  host::ingress& hub_;
  access_rule access_;
  std::function<server_metrics()> metrics_;
  std::function<std::string()> more_metrics_;
  std::optional<shown_hub> shown_;
};

/// Prometheus text of what a server counts.
std::string metrics_text(const server_metrics& counters);

/// A request's own `x-request-id` where it is at most 64 plain characters; else one that is made.
std::string request_id_of(const http_request& request);

} // namespace orderhub::http_gateway
