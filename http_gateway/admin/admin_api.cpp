#include "http_gateway/admin/admin_api.hpp"

#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace orderhub::http_gateway {

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

admin_api::admin_api(host::ingress& hub, const secret& token, metrics_source metrics,
                     std::optional<shown_hub> shown)
    : hub_(hub), access_(token), metrics_(std::move(metrics)), shown_(std::move(shown)) {}

std::vector<std::string> admin_api::counted_handlers() {
  return {"metrics", "health", "admin"};
}

request_class admin_api::class_of(http_exchange& exchange) {
  const auto& target = exchange.request.target;
  const auto path = std::string_view(target).substr(0, target.find('?'));
  exchange.count_as(path == "/metrics"          ? 1
                    : path == "/restate/health" ? 2
                    : is_admin_target(target)   ? 3
                                                : 0);
  return request_class::admin;
}

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
  const auto& found = std::get<0>(call);
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
  metrics_page page;
  if (metrics_)
    metrics_(page);
  page.describe_itself();
  const auto format = format_wanted(request.header("accept"));
  http_response r;
  r.content_type = content_type_of(format);
  r.body = page.text(format);
  r.add_header("vary", "accept");
  return r;
}

} // namespace orderhub::http_gateway
