#include "http_gateway/ingress/ingress_api.hpp"

#include "http_gateway/server/content_coding.hpp"
#include "http_gateway/server/problem.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <utility>

namespace orderhub::http_gateway {
namespace {

constexpr std::size_t idempotency_key_size_max = 255;

/// An exchange that the runtime answers itself: one allocation a request.
class ingress_exchange final : public http_exchange, public host::responder {
public:
  void accepted(std::string_view invocation_id) override {
    // Written once, by the first call, before the flag that publishes it.
    if (claimed_.exchange(true, std::memory_order_relaxed))
      return;
    invocation_id_ = invocation_id;
    published_.store(true, std::memory_order_release);
    release_body(); // It is the hub's.
  }

  void finished(host::call_response reply) override {
    http_response r;
    r.status = reply.status;
    r.body = std::move(reply.body);
    if (!reply.invocation_id.empty())
      r.add_header("x-restate-id", reply.invocation_id);
    if (reply.retry_after_s > 0)
      r.add_header("retry-after", std::to_string(reply.retry_after_s));
    if (reply.status >= 400) {
      // 470 is "not ready", and what says when to come back is no result either.
      const bool is_result =
          !reply.invocation_id.empty() && reply.status != 470 && reply.retry_after_s <= 0;
      r.headers += is_result ? "x-restate-error-source: invocation\r\n"
                             : "x-restate-error-source: ingress\r\n";
    }
    answer(std::move(r));
  }

  [[nodiscard]] bool gone() const override { return answered(); }

  /// Empty while the call is not accepted.
  [[nodiscard]] std::string_view invocation_id() const {
    return published_.load(std::memory_order_acquire) ? std::string_view(invocation_id_)
                                                      : std::string_view();
  }

  // The io thread's.
  route where;              ///< Since `class_of`.
  bool is_attached = false; ///< Waits for an invocation that goes on without it.

private:
  std::atomic<bool> claimed_{false}, published_{false};
  std::string invocation_id_;
};

/// A problem that the gateway itself found.
http_response refused(std::uint16_t status, std::string_view message) {
  auto r = problem(status, message);
  r.headers += "x-restate-error-source: ingress\r\n";
  return r;
}

http_response coded_body() {
  auto r = refused(415, "The body must be sent as it is, without Content-Encoding.");
  r.add_header("accept-encoding", "identity"); // RFC 9110, 12.5.3.
  return r;
}

bool is_printable(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
      return false;
  return true;
}

/// What one request asks of the hub.
struct dispatcher {
  host::ingress& hub;
  const std::shared_ptr<ingress_exchange>& exchange;
  std::int64_t attach_timeout_ms;
  webhook_taker* webhooks;

  void operator()(call_route& route) const {
    host::call_request call;
    if (const auto count = exchange->request.header_count("idempotency-key"); count != 0) {
      const auto key = exchange->request.header("idempotency-key");
      if (count > 1 || key.empty() || key.size() > idempotency_key_size_max || !is_printable(key)) {
        exchange->answer(refused(400,
                                 "The header idempotency-key must be given once and have 1 to 255 "
                                 "printable ASCII characters."));
        return;
      }
      call.idempotency_key = key;
    }
    call.service = std::move(route.service);
    call.key = std::move(route.key);
    call.handler = std::move(route.handler);
    call.body = std::move(exchange->request.body);
    call.one_way = route.one_way;
    call.delay_ms = route.delay_ms;
    hub.call(std::move(call), exchange);
  }

  void operator()(attach_route& route) const {
    if (route.wait) {
      exchange->is_attached = true;
      exchange->wait_at_least(attach_timeout_ms);
    }
    hub.attach(std::move(route.target), route.wait, exchange);
  }

  void operator()(awakeable_route& route) const {
    auto& body = exchange->request.body;
    if (!route.resolve && !is_utf8(body)) {
      exchange->answer(refused(400, "The reason of a reject must be valid UTF-8 text."));
      return;
    }
    hub.complete_awakeable(std::move(route.id), route.resolve, std::move(body), exchange);
  }

  void operator()(const health_route&) const { exchange->answer(health_response(hub.health())); }

  void operator()(const webhook_route& route) const {
    if (webhooks != nullptr)
      webhooks->take(route, exchange);
    else
      exchange->answer(refused(404, "This hub takes no webhooks."));
  }

  void operator()(const no_route& none) const {
    auto r = refused(none.status, none.message);
    if (!none.allow.empty())
      r.add_header("allow", none.allow);
    exchange->answer(std::move(r));
  }
};

} // namespace

http_exchange_ptr ingress_api::make_exchange() {
  return std::make_shared<ingress_exchange>();
}

void counted_handlers::add(const std::string& service, const std::string& handler) {
  if (number_of(handler) == 0)
    names_.push_back(handler);
  numbers_[service][handler] = number_of(handler);
}

std::size_t counted_handlers::number_of(std::string_view name) const {
  const auto it = std::find(names_.begin(), names_.end(), name);
  return it == names_.end() ? 0 : static_cast<std::size_t>(it - names_.begin()) + 1;
}

std::size_t counted_handlers::number_of(std::string_view service, std::string_view handler) const {
  const auto of_service = numbers_.find(service);
  if (of_service == numbers_.end())
    return 0;
  const auto it = of_service->second.find(handler);
  return it == of_service->second.end() ? 0 : it->second;
}

request_class ingress_api::class_of(http_exchange& exchange) {
  auto& mine = static_cast<ingress_exchange&>(exchange);
  mine.where = route_of(mine.request.method, mine.request.target);
  mine.count_as(number_of(mine.where));
  if (const auto* call = std::get_if<call_route>(&mine.where))
    return classes_ ? classes_(call->service, call->handler) : request_class::order;
  if (const auto* attach = std::get_if<attach_route>(&mine.where))
    return attach->wait ? request_class::wait : request_class::read;
  if (std::holds_alternative<webhook_route>(mine.where))
    return request_class::webhook;
  // What is answered on the spot needs no place.
  return std::holds_alternative<awakeable_route>(mine.where) ? request_class::order
                                                             : request_class::always;
}

std::size_t ingress_api::number_of(const route& where) const {
  struct numbers {
    const counted_handlers& of;
    std::size_t operator()(const call_route& r) const { return of.number_of(r.service, r.handler); }
    std::size_t operator()(const attach_route&) const { return of.number_of("attach"); }
    std::size_t operator()(const awakeable_route&) const { return of.number_of("awakeable"); }
    std::size_t operator()(const health_route&) const { return of.number_of("health"); }
    std::size_t operator()(const webhook_route&) const { return of.number_of("webhook"); }
    std::size_t operator()(const no_route&) const { return 0; }
  };
  return std::visit(numbers{counted_}, where);
}

void ingress_api::handle(http_exchange_ptr exchange) {
  // The server hands back what `make_exchange` made.
  const auto mine = std::static_pointer_cast<ingress_exchange>(std::move(exchange));
  auto found = std::move(mine->where);
  const auto* none = std::get_if<no_route>(&found);
  const bool open_to_all = std::holds_alternative<health_route>(found) ||
                           std::holds_alternative<webhook_route>(found) ||
                           (none != nullptr && none->is_open);
  if (!open_to_all) {
    if (auto refusal = access_.refusal(mine->request)) {
      mine->answer(std::move(*refusal));
      return;
    }
    if (!mine->request.body.empty() && !has_plain_body(mine->request)) {
      mine->answer(coded_body());
      return;
    }
  }
  std::visit(dispatcher{hub_, mine, attach_timeout_ms_, webhooks_}, found);
}

bool ingress_api::abandoned(http_exchange& exchange, departure how) {
  const auto& mine = static_cast<const ingress_exchange&>(exchange);
  // Before its acceptance the hub would keep it without our knowing whom to forget.
  return !mine.invocation_id().empty() && (how == departure::gone || mine.is_attached);
}

void ingress_api::dropped(const std::vector<http_exchange_ptr>& exchanges) {
  std::set<std::string_view> ids; // Many may have waited for one.
  for (const auto& exchange : exchanges)
    ids.insert(static_cast<const ingress_exchange&>(*exchange).invocation_id());
  for (const auto id : ids)
    hub_.forget_gone(id);
}

http_response ingress_api::timed_out(http_exchange& exchange) {
  const auto& mine = static_cast<const ingress_exchange&>(exchange);
  const auto id = mine.invocation_id();
  if (id.empty())
    return refused(504, "The call was not accepted in time; try again with the same key.");
  hub_.forget_gone(id);
  auto r = refused(504, "The call takes longer than this request may; it goes on, attach to it at "
                        "/restate/invocation/" +
                            std::string(id) + "/attach.");
  r.add_header("x-restate-id", id);
  return r;
}

http_response ingress_api::stopping(http_exchange& exchange) {
  const auto id = static_cast<const ingress_exchange&>(exchange).invocation_id();
  auto r = request_handler::stopping(exchange);
  r.headers += "x-restate-error-source: ingress\r\n";
  if (id.empty())
    return r;
  r.body = problem_body(503, "The hub is shutting down; the call goes on when it is started again, "
                             "attach to it at /restate/invocation/" +
                                 std::string(id) + "/attach.");
  r.add_header("x-restate-id", id);
  return r;
}

http_response health_response(const host::health_report& report) {
  http_response r;
  r.status = report.accepting ? 200 : 503;
  if (report.accepting) {
    r.body = R"({"status":"ok","accepting":true,"sync":)";
    append_json_string(r.body, report.sync_mode);
    r.body += '}';
    return r;
  }
  r.body = problem_body(503, report.reason.empty() ? "The hub takes no calls." : report.reason);
  r.body.pop_back();
  r.body += R"(,"status":"unavailable","accepting":false,"sync":)";
  append_json_string(r.body, report.sync_mode);
  r.body += '}';
  r.add_header("retry-after", "1");
  return r;
}

} // namespace orderhub::http_gateway
