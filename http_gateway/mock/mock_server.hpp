#pragma once
#include "http_gateway/mock/webhook_sender.hpp"
#include "journal/base/result.hpp"
#include "providers/mock/vendors.hpp"
#include "providers/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

class server;

/// Where and how much the mock server listens.
struct mock_listen_options {
  std::string host = "127.0.0.1";          ///< An address, or `localhost`.
  std::uint16_t port = 0;                  ///< 0: any free one.
  std::size_t connections_max = 65'536;    ///< Further ones are closed at once.
  std::size_t body_size_max = 1024 * 1024; ///< Bytes; above it 413 and close.
  std::size_t header_size_max = 16 * 1024; ///< Bytes; above it 431 and close.
};

/// The mock vendors behind HTTP/1.1 on one thread of its own: keep-alive, pipelining, latency by
/// timers. A `drop` is a TCP reset, so that the client sees a lost connection rather than an end; a
/// truncated answer ends with a plain close, so that the part that was sent surely arrives. What
/// hangs keeps its connection until the client ends it, and reads nothing more from it.
///
/// Requests of one connection are served one after the other. `/control`, `/reset` and `/ledger`
/// answer 403 to any request with a `Host` or `Origin` that is not a loopback name, and to any peer
/// that is not on loopback: no web page and no tunnel reaches them. There is no time limit on a
/// connection; their number is bounded.
///
/// All functions may be called from any thread; `start`, `stop` and the destructor not beside any
/// other.
class mock_server {
public:
  explicit mock_server(providers::mock::options vendor_settings = {},
                       mock_listen_options listen = {});
  /// Stops.
  ~mock_server();
  mock_server(const mock_server&) = delete;
  mock_server& operator=(const mock_server&) = delete;

  /// Listens and starts the thread; returns the port. `invalid` for a bad host, `unavailable` if
  /// the port is taken. The vendors keep their state over stop and start.
  result<std::uint16_t> start();
  /// Closes every connection and joins the thread. Answers that still wait are never sent.
  void stop();

  /// 0 while stopped.
  [[nodiscard]] std::uint16_t port() const;
  /// `http://127.0.0.1:4711/stripe`: what stands before that vendor's own paths.
  [[nodiscard]] std::string base_url(std::string_view vendor) const;

  /// Sends the vendors' webhooks from now on, until `stop`; the vendors tell nothing unless their
  /// options say so. `out` outlives this.
  void send_webhooks(webhook_sender_options how, providers::transport& out);
  /// Nothing while none are sent.
  [[nodiscard]] webhook_sender::counts webhooks_counted() const;

  /// See `vendors::control`.
  result<void> control(std::string_view json);
  /// See `vendors::ledger_json`.
  [[nodiscard]] std::string ledger_json(std::size_t since = 0, std::size_t limit = 100'000);

private:
  class front;
  mock_listen_options listen_;
  std::unique_ptr<front> front_;
  std::unique_ptr<server> web_;
  std::unique_ptr<webhook_sender> sender_; ///< Last: it asks the front.
};

} // namespace orderhub::http_gateway
