#include "http_gateway/admin/admin_api.hpp"

#include "http_gateway/ingress/ingress_api.hpp"

#include <string_view>
#include <utility>

namespace orderhub::http_gateway {

std::string metrics_text(const server_metrics& c) {
  std::string out;
  out.reserve(2048);
  const auto head = [&](std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
    out.append(name).append(" ").append(type).append("\n");
  };
  const auto one = [&](std::string_view name, std::string_view type, std::string_view help,
                       std::uint64_t value) {
    head(name, type, help);
    out.append(name).append(" ").append(std::to_string(value)).append("\n");
  };
  one("orderhub_http_connections_total", "counter", "Connections accepted.", c.connections);
  one("orderhub_http_connections", "gauge", "Connections open.", c.connections_now);
  one("orderhub_http_connections_refused_total", "counter",
      "Connections refused for the limit on connections.", c.connections_refused);
  one("orderhub_http_requests_total", "counter", "Requests received whole.", c.requests);
  one("orderhub_http_requests_in_flight", "gauge", "Requests not answered yet.", c.in_flight_now);
  one("orderhub_http_waits", "gauge",
      "Of these, who waits for something that goes on without them.", c.waits_now);
  one("orderhub_http_sending_bytes", "gauge", "Bytes of responses not taken yet.",
      c.sending_bytes_now);
  one("orderhub_http_receiving_bytes", "gauge", "Room taken by larger request bodies.",
      c.receiving_bytes_now);
  one("orderhub_http_requests_overloaded_total", "counter",
      "Requests refused for the limits on requests in flight and on bytes.", c.overloaded);
  one("orderhub_http_requests_malformed_total", "counter",
      "Requests refused by the HTTP parser or its limits.", c.malformed);
  one("orderhub_http_requests_timed_out_total", "counter",
      "Requests answered 504 because their time had passed.", c.timed_out);
  one("orderhub_http_slow_clients_total", "counter",
      "Connections ended because the client was too slow.", c.slow_clients);
  head("orderhub_http_responses_total", "counter", "Responses by class of status.");
  const std::pair<std::string_view, std::uint64_t> classes[] = {{"2xx", c.answers_2xx},
                                                                {"3xx", c.answers_3xx},
                                                                {"4xx", c.answers_4xx},
                                                                {"5xx", c.answers_5xx}};
  for (const auto& [name, value] : classes)
    out.append("orderhub_http_responses_total{class=\"")
        .append(name)
        .append("\"} ")
        .append(std::to_string(value))
        .append("\n");
  return out;
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
  if (request.method != "GET") {
    auto r = problem(405, "This path takes GET only.");
    r.add_header("allow", "GET");
    return r;
  }
  if (health)
    return health_response(hub_.health());
  http_response r;
  r.content_type = "text/plain; version=0.0.4; charset=utf-8";
  r.body = metrics_text(metrics_());
  if (more_metrics_)
    r.body += more_metrics_();
  return r;
}

} // namespace orderhub::http_gateway
