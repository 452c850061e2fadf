#pragma once
#include "http_gateway/server/message.hpp"
#include "http_gateway/server/places.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::http_gateway {

namespace detail {
struct io_loop;
class connection;
class exchange_list;
class shard;
class stream_body;
} // namespace detail

class stream_sink;

/// How a caller stopped waiting.
enum class departure : std::uint8_t {
  finished_sending = 1, ///< It has closed its sending side (FIN), and may still read an answer.
  gone = 2,             ///< Its connection is closed or reset: nobody reads an answer.
};

/// Who is at the other end of a Unix socket, as the kernel noted it when that was connected.
struct local_peer {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups; ///< Its other groups.
};

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
  /// Answers with a head whose body is written to what is returned (`stream_sink.hpp`): in chunks,
  /// or to an HTTP/1.0 caller as it comes. Nothing behind it on its connection is answered, which
  /// ends with it. From any thread, like `answer`; where that came first, what is returned has
  /// ended.
  stream_sink stream(http_response head);
  /// Its caller has an answer, or has given up.
  [[nodiscard]] bool answered() const { return answered_.load(std::memory_order_acquire); }

  /// Answers in `delay_ms` (0 or more), not sooner; whoever answers until then comes first. Only
  /// from inside `request_handler::handle`.
  void answer_later(std::int64_t delay_ms, http_response response);
  /// Whether its caller is on this machine's loopback, or at a Unix socket. False where it has
  /// gone. Only from inside `request_handler::handle`.
  [[nodiscard]] bool is_from_loopback() const;

  /// Its caller's address without the port; empty where it has gone, or is at a Unix socket. Only
  /// from inside `request_handler::handle`.
  [[nodiscard]] std::string peer() const;
  /// Who its caller is, at a Unix socket; else nothing. Only from inside `request_handler::handle`.
  [[nodiscard]] std::optional<local_peer> peer_at_socket() const;

  /// The body has been taken over by somebody who bounds what he holds: its room is free for
  /// others. From any thread.
  void release_body();

  /// Which of `server_options::handlers` it is counted as, from 1; else `other`. Only from inside
  /// `request_handler::class_of`.
  void count_as(std::size_t handler) { counted_as_ = handler; }

  /// Its answer may take this long from now, where that is longer than `request_timeout_ms`. Only
  /// from inside `request_handler::handle`.
  void wait_at_least(std::int64_t ms);

private:
  friend class detail::connection;
  friend class detail::exchange_list;
  friend class detail::shard;
  friend class stream_sink;

  /// Its answer stands: it goes to the io thread.
  void deliver();
  /// Something is to be done about its stream.
  void wake_stream();

  std::shared_ptr<detail::io_loop> loop_; ///< The way back; null where a test made it.
  http_response response_;
  std::shared_ptr<detail::stream_body> stream_; ///< Of an answer that comes by and by.
  std::atomic<bool> answered_{false};
  /// Which place it has; taken from it by whoever gives the place back.
  std::atomic<place> place_{place{}};
  std::atomic<std::size_t> received_{0}; ///< Room taken for its body.
  // The rest belongs to the io thread.
  request_class class_ = request_class::always;
  bool ready_ = false;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  bool head_ = false;
  std::size_t counted_as_ = 0;
  std::int64_t began_ms_ = 0; ///< When it was whole.
  std::int64_t began_us_ = 0; ///< The same, for the metrics; 0: never admitted.
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
  /// What the request is; asked once, before it is handled or refused.
  virtual request_class class_of(http_exchange&) { return request_class::order; }
  /// The exchange is answered exactly once, now or later, from any thread.
  virtual void handle(http_exchange_ptr exchange) = 0;
  /// The caller of an open exchange has departed. True: the answer is of no use any more; the
  /// exchange ends without one, and is no longer in flight. False, as by default: it goes on, and a
  /// caller that has only finished sending is answered. Asked again, with `gone`, at each sweep
  /// until the exchange is answered or its time is up.
  virtual bool abandoned(http_exchange& exchange, departure how);
  /// These have ended because `abandoned` said so: what was kept for them can be let go. Once for
  /// all that ended together.
  virtual void dropped(const std::vector<http_exchange_ptr>& exchanges);
  /// What a caller gets when `request_timeout_ms` has passed without an answer.
  virtual http_response timed_out(http_exchange& exchange);
  /// What a caller gets who still waits when the server stops.
  virtual http_response stopping(http_exchange& exchange);
  /// What the server refuses by itself, in the form of the handler's own answers; by default as the
  /// server made it: `problem`. `request`: as far as it was read; null: nothing was.
  virtual http_response refusal(std::uint16_t status, std::string_view message,
                                std::int64_t retry_after_s, const http_request* request);
};

} // namespace orderhub::http_gateway
