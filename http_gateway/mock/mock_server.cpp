#include "http_gateway/mock/mock_server.hpp"

#include "http_gateway/server/server.hpp"
#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"
#include "journal/base/time.hpp"

#include <mutex>
#include <utility>

namespace orderhub::http_gateway {
namespace {

namespace mock = providers::mock;

/// A time limit that is none: some ten thousand years.
constexpr std::int64_t unlimited_ms = 1'000'000'000'000'000;

/// True if every `host` and `origin` header names a loopback host, and there is a `host`.
bool names_loopback(const http_request& request) {
  bool has_host = false;
  for (std::size_t i = 0; i < request.header_count(); ++i) {
    const auto [name, value] = request.header_at(i);
    if (equal_ignoring_case(name, "host")) {
      has_host = true;
      if (!is_loopback_host(value))
        return false;
    } else if (equal_ignoring_case(name, "origin")) {
      const auto scheme = value.find("://");
      if (scheme == std::string_view::npos || !is_loopback_host(value.substr(scheme + 3)))
        return false;
    }
  }
  return has_host;
}

bool is_own_path(std::string_view target) {
  return target.starts_with("/control") || target.starts_with("/reset") ||
         target.starts_with("/ledger");
}

/// Reuses what `to` has room for.
void copy_request(http_request& from, mock::mock_request& to) {
  to.method.swap(from.method);
  if (to.method == "HEAD") // The server leaves the body out.
    to.method = "GET";
  to.target.swap(from.target);
  to.body.swap(from.body);
  to.headers.resize(from.header_count());
  for (std::size_t i = 0; i < to.headers.size(); ++i) {
    const auto [name, value] = from.header_at(i);
    auto& [to_name, to_value] = to.headers[i];
    to_name = name;
    for (char& c : to_name)
      c = lower_ascii(c);
    to_value = value;
  }
}

struct mock_exchange final : http_exchange {
  bool hangs = false; ///< Is never answered.
};

wire_ending ending_of(mock::wire_action action) {
  switch (action) {
  case mock::wire_action::drop:
    return wire_ending::reset;
  case mock::wire_action::truncate:
    return wire_ending::half;
  case mock::wire_action::answer_then_reset:
    return wire_ending::whole_then_reset;
  case mock::wire_action::answer:
  case mock::wire_action::hang: // Has no answer.
    break;
  }
  return wire_ending::whole;
}

http_response response_of(mock::mock_response&& from) {
  http_response to;
  to.status = static_cast<std::uint16_t>(from.response.status);
  to.ending = ending_of(from.wire);
  to.content_type = {};
  to.body = std::move(from.response.body);
  for (const auto& [name, value] : from.response.headers) {
    to.add_header(name, value);
    to.dated = to.dated || name == "date";
  }
  return to;
}

} // namespace

/// Maps exchanges onto the vendors, and what they want done with the wire onto the server.
class mock_server::front final : public request_handler {
public:
  explicit front(mock::options settings) : vendors_(std::move(settings)) {}

  http_exchange_ptr make_exchange() override { return std::make_shared<mock_exchange>(); }

  void handle(http_exchange_ptr exchange) override {
    if (is_own_path(exchange->request.target) &&
        !(exchange->is_from_loopback() && names_loopback(exchange->request))) {
      exchange->answer(problem(403, "Only loopback names may be used here."));
      return;
    }
    auto reply = reply_to(exchange->request);
    if (reply.wire == mock::wire_action::hang) {
      // One request of a connection at a time: it is deaf until its caller leaves.
      static_cast<mock_exchange&>(*exchange).hangs = true;
      return;
    }
    const auto delay_ms = reply.delay_ms;
    auto response = response_of(std::move(reply));
    if (delay_ms > 0)
      exchange->answer_later(delay_ms, std::move(response));
    else
      exchange->answer(std::move(response));
  }

  /// The vendor's work is done or noted; the answer is its caller's only.
  bool abandoned(http_exchange& exchange, departure how) override {
    return how == departure::gone || static_cast<const mock_exchange&>(exchange).hangs;
  }

  /// Answers that still wait are never sent.
  http_response stopping(http_exchange&) override {
    http_response none;
    none.ending = wire_ending::reset;
    return none;
  }

  result<void> control(std::string_view json) {
    const std::lock_guard lock(mutex_);
    vendors_.advance(clock_.wall_ms());
    return vendors_.control(json);
  }
  std::vector<mock::notice> notices(unix_ms now) {
    const std::lock_guard lock(mutex_);
    vendors_.advance(now);
    return vendors_.take_notices();
  }
  std::string ledger_json(std::size_t since, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    vendors_.advance(clock_.wall_ms());
    return vendors_.ledger_json(since, limit);
  }

private:
  /// What a vendor does later needs no timer: whoever could see it done comes through here, where
  /// everything due is done first, as of its own time.
  mock::mock_response reply_to(http_request& request) {
    const std::lock_guard lock(mutex_);
    copy_request(request, request_);
    return vendors_.handle(request_, clock_.wall_ms());
  }

  const system_clock clock_;
  std::mutex mutex_; ///< Guards the two below.
  mock::vendors vendors_;
  mock::mock_request request_; ///< Scratch.
};

mock_server::mock_server(mock::options vendor_settings, mock_listen_options listen)
    : listen_(std::move(listen)), front_(std::make_unique<front>(std::move(vendor_settings))) {}

mock_server::~mock_server() = default;

result<std::uint16_t> mock_server::start() {
  if (web_)
    return web_->port();
  server_options options;
  options.host = listen_.host;
  options.port = listen_.port;
  options.connections_max = listen_.connections_max;
  options.refused_linger_max = 0;
  options.refusals_told = false;
  options.in_flight_max = 2 * listen_.connections_max; // One each, whatever share that is.
  options.pipeline_max = 1;
  options.body_size_max = listen_.body_size_max;
  options.header_size_max = listen_.header_size_max;
  options.host_required = false;
  options.read_timeout_ms = unlimited_ms;
  options.idle_timeout_ms = unlimited_ms;
  options.write_timeout_ms = unlimited_ms;
  options.request_timeout_ms = unlimited_ms;
  options.slow_after_ms = unlimited_ms;
  options.half_close_wait_ms = unlimited_ms;
  auto started = server::start(std::move(options), *front_);
  if (!started)
    return started.failure();
  web_ = std::move(*started);
  return web_->port();
}

void mock_server::stop() {
  sender_.reset();
  web_.reset();
}

void mock_server::send_webhooks(webhook_sender_options how, providers::transport& out) {
  sender_ = std::make_unique<webhook_sender>(std::move(how), out,
                                             [this](unix_ms now) { return front_->notices(now); });
}

webhook_sender::counts mock_server::webhooks_counted() const {
  return sender_ ? sender_->counted() : webhook_sender::counts();
}

std::uint16_t mock_server::port() const {
  return web_ ? web_->port() : std::uint16_t{0};
}

std::string mock_server::base_url(std::string_view vendor) const {
  const bool v6 = listen_.host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + listen_.host + "]" : listen_.host) + ":" + std::to_string(port()) +
         "/" + std::string(vendor);
}

result<void> mock_server::control(std::string_view json) {
  return front_->control(json);
}

std::string mock_server::ledger_json(std::size_t since, std::size_t limit) {
  return front_->ledger_json(since, limit);
}

} // namespace orderhub::http_gateway
