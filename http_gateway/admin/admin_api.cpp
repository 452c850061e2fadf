#include "http_gateway/admin/admin_api.hpp"

#include "http_gateway/ingress/ingress_api.hpp"
#include "journal/base/metrics.hpp"

#include <string_view>
#include <utility>

namespace orderhub::http_gateway {

std::string metrics_text(const server_metrics& c) {
  using enum metric_kind;
  metrics_writer out;
  out.one("orderhub_http_connections_total", counter, c.connections, "Connections accepted.");
  out.one("orderhub_http_connections", gauge, c.connections_now, "Connections open.");
  out.one("orderhub_http_connections_refused_total", counter, c.connections_refused,
          "Connections refused for the limit on connections.");
  out.one("orderhub_http_requests_total", counter, c.requests, "Requests received whole.");
  out.one("orderhub_http_requests_in_flight", gauge, c.in_flight_now, "Requests not answered yet.");
  out.one("orderhub_http_waits", gauge, c.waits_now,
          "Of these, who waits for something that goes on without them.");
  out.one("orderhub_http_sending_bytes", gauge, c.sending_bytes_now,
          "Bytes of responses not taken yet.");
  out.one("orderhub_http_receiving_bytes", gauge, c.receiving_bytes_now,
          "Room taken by larger request bodies.");
  out.one("orderhub_http_requests_overloaded_total", counter, c.overloaded,
          "Requests refused for the limits on requests in flight and on bytes.");
  out.one("orderhub_http_requests_malformed_total", counter, c.malformed,
          "Requests refused by the HTTP parser or its limits.");
  out.one("orderhub_http_requests_timed_out_total", counter, c.timed_out,
          "Requests answered 504 because their time had passed.");
  out.one("orderhub_http_slow_clients_total", counter, c.slow_clients,
          "Connections ended because the client was too slow.");
  out.family("orderhub_http_responses_total", counter, "Responses by class of status.");
  out.sample({{"class", "2xx"}}, c.answers_2xx);
  out.sample({{"class", "3xx"}}, c.answers_3xx);
  out.sample({{"class", "4xx"}}, c.answers_4xx);
  out.sample({{"class", "5xx"}}, c.answers_5xx);
  return out.take();
}

void admin_api::handle(http_exchange_ptr exchange) {
  auto response = answer_to(exchange->request);
  exchange->answer(std::move(response));
}

http_response admin_api::answer_to(const http_request& request) const {
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  const bool health = path == "/restate/health";
  if (!health)
    if (auto refusal = access_.refusal(request))
      return std::move(*refusal);
  if (!health && path != "/metrics")
    return problem(404, "There is nothing at this path of the admin port.");
  if (request.method != "GET" && request.method != "HEAD") {
    auto r = problem(405, "This path takes GET, HEAD only.");
    r.add_header("allow", "GET, HEAD");
    return r;
  }
  if (health)
    return health_response(hub_.health());
  http_response r;
  r.content_type = metrics_content_type;
  r.body = metrics_text(metrics_());
  if (more_metrics_)
    r.body += more_metrics_();
  return r;
}

} // namespace orderhub::http_gateway
