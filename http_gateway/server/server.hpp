#pragma once
#include "http_gateway/server/exchange.hpp"
#include "http_gateway/server/message.hpp"
#include "http_gateway/server/metrics.hpp"
#include "http_gateway/server/options.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <memory>

namespace orderhub::http_gateway {

/// HTTP/1.1 and 1.0 with keep-alive and pipelining on io threads of its own.
///
/// Answers leave in the order of their requests; those that are ready together leave in one write.
/// A caller that goes away stops nothing: its answers are dropped. An idle connection owns no
/// buffers.
class server {
public:
  /// Listens and starts the threads. Fails with `unavailable` where the address cannot be bound,
  /// `invalid` where it is none.
  static result<std::unique_ptr<server>> start(server_options options, request_handler& handler);
  /// Stops with no grace.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// The port that is listened on.
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] server_metrics metrics() const;

  /// Stops accepting and closes idle connections. Requests in flight are still answered, with
  /// `Connection: close`; later ones get 503. Returns at once.
  void drain();
  /// Drains, waits at most `grace_ms` for the requests in flight, answers the others with 503,
  /// closes everything and ends the threads. The handler is not called after it has returned. Not
  /// from an io thread.
  void stop(std::int64_t grace_ms);

private:
  struct impl;
  explicit server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

} // namespace orderhub::http_gateway
