#pragma once
#include "actors/host/ingress.hpp"
#include "actors/host/operator.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/ingress/access.hpp"
#include "http_gateway/monitoring/metrics_page.hpp"
#include "http_gateway/server/server.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// The admin listener: GET and HEAD of `/restate/health`, of `/metrics` (Prometheus' text or
/// OpenMetrics, by `Accept`), and of the paths of `admin_routes`, which show a running hub to an
/// operator.
///
/// Everything is answered on the io thread of this listener, which is none of the public one's: a
/// page reads a bounded number of rows and waits for nobody.
class admin_api final : public request_handler {
public:
  /// Of the pages; they are 404 where it is not given.
  struct shown_hub {
    host::operator_view view;
    hub_description about;
  };

  /// Fills in what a scrape answers; asked at each, on the io thread.
  using metrics_source = std::function<void(metrics_page& page)>;
  admin_api(host::ingress& hub, const secret& token, metrics_source metrics,
            std::optional<shown_hub> shown = std::nullopt);

  /// For `server_options::handlers`.
  static std::vector<std::string> counted_handlers();

  /// Another token counts from the next request on. From any thread.
  void set_token(const secret& token) { access_.set_token(token); }

  request_class class_of(http_exchange& exchange) override;
  void handle(http_exchange_ptr exchange) override;

private:
  [[nodiscard]] http_response answer_to(const http_request& request) const;
  [[nodiscard]] http_response page_for(const http_request& request) const;

  host::ingress& hub_;
  access_rule access_;
  metrics_source metrics_;
  std::optional<shown_hub> shown_;
};

/// A request's own `x-request-id` where it is at most 64 plain characters; else one that is made.
std::string request_id_of(const http_request& request);

} // namespace orderhub::http_gateway
