#include "http_gateway/admin/admin_api.hpp"

#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "journal/base/metrics.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

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

namespace {

/// What is refused before any page is looked for, in this API's form.
http_response refused(http_response refusal) {
  const auto reason = refusal.status == 401 ? admin_reason::unauthorized : admin_reason::forbidden;
  auto r = response_of({reason,
                        refusal.status == 401
                            ? "This needs the header Authorization: Bearer with the admin token."
                            : "Without a token only requests to a loopback host name, and from no "
                              "other web origin, are answered.",
                        {},
                        {},
                        {}});
  r.headers = std::move(refusal.headers);
  return r;
}

std::optional<admin_problem> take_body(const http_request& request, admin_call& call) {
  auto type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ')
    type.remove_suffix(1);
  if (!equal_ignoring_case(type, "application/json"))
    return admin_problem{admin_reason::wrong_content_type,
                         "This needs the header Content-Type: application/json.",
                         "content-type",
                         {},
                         {}};
  if (request.body.size() > admin_body_max)
    return admin_problem{admin_reason::body_too_large, "The body has at most 64 KiB.", {}, {}, {}};
  call.body = request.body;
  return std::nullopt;
}

http_response response_of(admin_page page) {
  http_response r;
  if (!page.version.empty())
    r.add_header("etag", '"' + page.version + '"');
  r.content_type = page.content_type;
  r.body = std::move(page.body);
  return r;
}

} // namespace

std::string request_id_of(const http_request& request) {
  constexpr std::size_t longest = 64;
  const auto given = request.header("x-request-id");
  const bool is_plain =
      !given.empty() && given.size() <= longest &&
      given.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              "-_.:") == std::string_view::npos;
  if (is_plain)
    return std::string(given);
  system_random random;
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  return "req_" + hex_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

admin_api::admin_api(host::ingress& hub, const secret& token,
                     std::function<server_metrics()> public_metrics,
                     std::function<std::string()> hub_metrics_text, std::optional<shown_hub> shown)
    : hub_(hub), access_(token), metrics_(std::move(public_metrics)),
      more_metrics_(std::move(hub_metrics_text)), shown_(std::move(shown)) {}

void admin_api::handle(http_exchange_ptr exchange) {
  auto response = answer_to(exchange->request);
  exchange->answer(std::move(response));
}

http_response admin_api::page_for(const http_request& request) const {
  if (auto refusal = access_.refusal(request))
    return refused(std::move(*refusal));
  auto call = admin_call_of(request.method, request.target);
  if (auto* problem = std::get_if<admin_problem>(&call))
    return http_gateway::response_of(*problem);
  auto& found = std::get<0>(call);
  if (!found.route->body.empty()) {
    if (auto problem = take_body(request, found))
      return http_gateway::response_of(*problem);
  }
  auto answer = found.route->answer(found, {shown_->view, shown_->about});
  if (auto* problem = std::get_if<admin_problem>(&answer))
    return http_gateway::response_of(*problem);
  return response_of(std::get<0>(std::move(answer)));
}

http_response admin_api::answer_to(const http_request& request) const {
  const std::string_view target = request.target;
  if (shown_ && is_admin_target(target)) {
    auto r = page_for(request);
    r.add_header("x-orderhub-api", "1");
    r.add_header("x-request-id", request_id_of(request));
    r.add_header("cache-control", "no-store");
    return r;
  }
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
