#pragma once
#include "journal/base/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// One whole request. Framing is checked already: one body length, one `Host`, no folded lines.
class http_request {
public:
  std::string method; ///< As sent, at most 32 bytes: `POST`.
  /// Path and query as sent, still percent-encoded. The authority of an absolute target
  /// (`http://host/path`) has moved to `host`.
  std::string target;
  std::string host; ///< `Host`, port included; empty where an HTTP/1.0 client sent none.
  std::string body; ///< Raw bytes, chunks joined; at most `body_size_max`.

  /// The first header of that name, case ignored; null data where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// How many headers have that name.
  [[nodiscard]] std::size_t header_count(std::string_view name) const;
  /// For the server and tests.
  void add_header(std::string_view name, std::string_view value);

private:
  struct field {
    std::uint32_t offset = 0; ///< Into `text_`: the name, the value right behind it.
    std::uint16_t name_size = 0;
    std::uint16_t value_size = 0;
  };
  std::string text_;
  std::vector<field> fields_;
};

/// One answer. Content-Length, Connection and Date are the server's.
struct http_response {
  std::uint16_t status = 200;
  std::string body;
  /// Text with static lifetime. Left out where the body is empty.
  std::string_view content_type = "application/json";
  std::string headers; ///< Further header lines, each with its CRLF; use `add_header`.
  bool close = false;  ///< Close the connection after this answer.

  /// Bytes of `value` that may not stand in a header (controls) are dropped.
  void add_header(std::string_view name, std::string_view value);
};

/// The answer `{"code","message"}`, with `Retry-After` where positive.
http_response problem(std::uint16_t status, std::string_view message,
                      std::int64_t retry_after_s = 0);

namespace detail {
struct server_core;
class connection;
class shard;
} // namespace detail

/// A request that waits for its answer. Owned by its connection and by whoever answers it; may
/// outlive both connection and server.
class http_exchange : public std::enable_shared_from_this<http_exchange> {
public:
  http_exchange() = default;
  virtual ~http_exchange();
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;

  http_request request;

  /// Answers, from any thread, never blocking. The first answer counts (the server's own time-out
  /// is one too); returns false for any later one, whose response is dropped.
  bool answer(http_response response);
  /// Its caller has an answer, or has given up.
  [[nodiscard]] bool answered() const { return answered_.load(std::memory_order_acquire); }

  /// Its answer may take this long from now, where that is longer than `request_timeout_ms`. Only
  /// from inside `request_handler::handle`.
  void wait_at_least(std::int64_t ms);

private:
  friend class detail::connection;
  friend class detail::shard;

  std::shared_ptr<detail::server_core> core_;
  http_response response_;
  std::atomic<bool> answered_{false};
  bool counted_ = false; ///< Among the requests in flight.
  // The rest belongs to the io thread.
  bool ready_ = false;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  bool head_ = false;
  std::int64_t due_ms_ = 0;
  detail::connection* connection_ = nullptr;
  std::shared_ptr<http_exchange> next_;
};
using http_exchange_ptr = std::shared_ptr<http_exchange>;

/// What the server serves. Called on the io threads; must return at once and outlive the server.
class request_handler {
public:
  virtual ~request_handler() = default;
  /// For handlers that keep something of their own beside the request.
  virtual http_exchange_ptr make_exchange() { return std::make_shared<http_exchange>(); }
  /// The exchange is answered exactly once, now or later, from any thread.
  virtual void handle(http_exchange_ptr exchange) = 0;
  /// What a caller gets when `request_timeout_ms` has passed without an answer.
  virtual http_response timed_out(http_exchange& exchange);
  /// What a caller gets who still waits when the server stops.
  virtual http_response stopping(http_exchange& exchange);
};

struct server_options {
  std::string host = "127.0.0.1"; ///< An IPv4 or IPv6 address, or `localhost`.
  std::uint16_t port = 0;         ///< 0: any free one, see `server::port`.
  unsigned threads = 1;           ///< io threads; connections are dealt out in turn.

  std::size_t header_size_max = 16 * 1024; ///< Start line and headers; more: 431.
  std::size_t header_count_max = 100;      ///< More: 431.
  std::size_t body_size_max = 1024 * 1024; ///< More: 413.
  std::size_t pipeline_max = 16;           ///< Unanswered requests a connection, then unread.
  std::size_t connections_max = 2'048;     ///< One more: 503 and closed.
  std::size_t in_flight_max = 4'096;       ///< Unanswered requests in all; one more: 503.
  std::size_t linger_size_max = 8u << 20;  ///< Unread bytes discarded before a close.

  std::int64_t read_timeout_ms = 30'000;    ///< From a request's first byte to its last: 408.
  std::int64_t idle_timeout_ms = 75'000;    ///< Between requests; then closed.
  std::int64_t write_timeout_ms = 30'000;   ///< For a caller that does not take its answer.
  std::int64_t request_timeout_ms = 60'000; ///< From the whole request to its answer.
  std::int64_t linger_ms = 2'000;           ///< How long unread bytes are discarded for.
  /// Time-outs are looked at this often, so each may come late by as much.
  std::int64_t sweep_interval_ms = 1'000;
};

/// What the server counts since its start; `_now` are present values.
struct server_metrics {
  std::uint64_t connections = 0;
  std::uint64_t connections_now = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0; ///< Whole ones, handed to the handler or not.
  std::uint64_t in_flight_now = 0;
  std::uint64_t overloaded = 0;   ///< Answered 503 for `in_flight_max`.
  std::uint64_t malformed = 0;    ///< Answered by the parser with 4xx or 5xx.
  std::uint64_t timed_out = 0;    ///< `request_timeout_ms` passed.
  std::uint64_t slow_clients = 0; ///< Read or write time-out.
  std::uint64_t answers_2xx = 0;
  std::uint64_t answers_3xx = 0;
  std::uint64_t answers_4xx = 0;
  std::uint64_t answers_5xx = 0;
};

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
