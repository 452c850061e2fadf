#pragma once
#include "actors/host/ingress.hpp"
#include "http_gateway/ingress/access.hpp"
#include "http_gateway/ingress/router.hpp"
#include "http_gateway/ingress/webhook_taker.hpp"
#include "http_gateway/server/server.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

/// Which class a call of that service's handler is of; empty: each is an order.
using call_classes =
    std::function<request_class(std::string_view service, std::string_view handler)>;

/// What requests are counted as in the metrics.
class counted_handlers {
public:
  /// A handler that may be called; handlers of one name are counted together.
  void add(const std::string& service, const std::string& handler);
  /// For `server_options::handlers`: what is of no service, then the handlers.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// As `http_exchange::count_as` takes it; 0: not among them.
  [[nodiscard]] std::size_t number_of(std::string_view name) const;
  [[nodiscard]] std::size_t number_of(std::string_view service, std::string_view handler) const;

private:
  std::vector<std::string> names_ = {"webhook", "attach", "awakeable", "health"};
  std::map<std::string, std::map<std::string, std::size_t, std::less<>>, std::less<>> numbers_;
};

/// The public door: Restate's ingress paths and shapes on top of `host::ingress`.
///
/// - `x-restate-id` on every answer that has an invocation, `x-restate-error-source` on errors:
///   `invocation` for a result, `ingress` for what the caller may try again (Restate's clients
///   never repeat the former; npm @restatedev/restate-sdk-clients 1.17.2, retry.js).
/// - A caller whose time runs out gets 504 with the id of the accepted invocation, which goes on.
///   `attach`, which exists to wait, has a longer time: Restate's own ingress sets none, and Node's
///   fetch gives up after 300 s without a header.
class ingress_api final : public request_handler {
public:
  /// None is copied: all outlive the server that calls this. `webhooks` null: none are taken.
  ingress_api(host::ingress& hub, const secret& token, std::int64_t attach_timeout_ms = 280'000,
              call_classes classes = {}, webhook_taker* webhooks = nullptr,
              counted_handlers counted = {})
      : hub_(hub), access_(token), attach_timeout_ms_(attach_timeout_ms),
        classes_(std::move(classes)), webhooks_(webhooks), counted_(std::move(counted)) {}

  /// Another token counts from the next request on. From any thread.
  void set_token(const secret& token) { access_.set_token(token); }

  http_exchange_ptr make_exchange() override;
  request_class class_of(http_exchange& exchange) override;
  void handle(http_exchange_ptr exchange) override;
  /// A caller that has gone needs no answer to what it may ask for again: an invocation it attached
  /// to, a call that the hub has accepted and that goes on. One that has only finished sending
  /// still gets the answer to its call, and none to an attach.
  bool abandoned(http_exchange& exchange, departure how) override;
  void dropped(const std::vector<http_exchange_ptr>& exchanges) override;
  http_response timed_out(http_exchange& exchange) override;
  http_response stopping(http_exchange& exchange) override;

private:
  [[nodiscard]] std::size_t number_of(const route& where) const;

  host::ingress& hub_;
  access_rule access_;
  std::int64_t attach_timeout_ms_;
  call_classes classes_;
  webhook_taker* webhooks_;
  counted_handlers counted_;
};

/// The answer of `GET /restate/health`, on either port: 200 while the hub takes calls, else 503
/// with the reason.
http_response health_response(const host::health_report& report);

} // namespace orderhub::http_gateway
