#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace orderhub::http_gateway {

struct server_options {
  std::string host = "127.0.0.1"; ///< An IPv4 or IPv6 address, or `localhost`.
  std::uint16_t port = 0;         ///< 0: any free one, see `server::port`.
  /// A Unix socket that listens already (`local_socket::fd`), to be served beside the port;
  /// negative: none. Stays its owner's, who keeps it open until the server has been made.
  int local_listener = -1;
  unsigned threads = 1; ///< io threads; connections are dealt out in turn.
  bool yields = false;  ///< They let others go first where the machine is busy.

  std::size_t header_size_max = 16 * 1024; ///< Start line and headers; more: 431.
  std::size_t header_count_max = 100;      ///< More: 431.
  std::size_t body_size_max = 1024 * 1024; ///< More: 413.
  std::size_t pipeline_max = 16;           ///< Unanswered requests a connection, then unread.
  std::size_t connections_max = 8'192;     ///< One more: 503 and closed.
  /// Of refused connections so many at a time are read for a while behind their 503, as any that is
  /// closed; further ones are closed right behind it, and who is still sending may see a reset
  /// then.
  std::size_t refused_linger_max = 128;
  bool refusals_told = true;          ///< False: further ones are closed without a word.
  std::size_t in_flight_max = 12'288; ///< Unanswered requests in all, see `place_table`; more: 503.
  std::size_t waits_max = 6'144;      ///< Of these, who only waits; one more: 503.
  /// A connection's unsent answers; beyond it nothing of it is handed to the handler. A larger
  /// answer is sent all the same, one at a time.
  std::size_t unsent_size_max = 256 * 1024;
  /// What the reads in flight may be expected to answer; more of them wait, but for two.
  std::size_t reading_size_max = 1u << 20;
  /// Unsent answers of all connections. Where they are more, reads get 503, and so does a read
  /// whose answer is large; and whoever takes its answers too slowly is cut.
  std::size_t sending_size_max = 64u << 20;
  /// Request bodies of all connections, from 16 KiB each, until they are answered or taken in. A
  /// body that has no room waits for it, in order, and is not read meanwhile; after `room_wait_ms`
  /// it gets 503. Whoever sends one too slowly where room is short gets 408.
  std::size_t receiving_size_max = 64u << 20;
  std::int64_t room_wait_ms = 5'000;
  /// A connection that was never answered, or not for so long, is read a few a turn, so that
  /// thousands of them that speak at once do not hold up those in the midst of work.
  std::int64_t quiet_after_ms = 1'000;
  std::size_t quiet_reads_max = 8;        ///< A turn.
  std::size_t linger_size_max = 8u << 20; ///< Unread bytes discarded before a close.

  std::int64_t read_timeout_ms = 30'000;    ///< From a request's first byte to its last: 408.
  std::int64_t idle_timeout_ms = 75'000;    ///< Between requests; then closed.
  std::int64_t write_timeout_ms = 30'000;   ///< For a caller that does not take its answer.
  std::int64_t request_timeout_ms = 60'000; ///< From the whole request to its answer.
  /// A request of class `order` that takes longer counts as a wait from then on; where the waits
  /// have no room it gets what it would have got at its time-out.
  std::int64_t slow_after_ms = 5'000;
  /// How long a caller that has finished sending still waits for its answers, as after a time-out.
  std::int64_t half_close_wait_ms = 5'000;
  std::int64_t slow_grace_ms = 2'000; ///< What "too slowly" leaves anybody, see `is_too_slow`.
  std::int64_t linger_ms = 2'000;     ///< How long unread bytes are discarded for.
  bool host_required = true;          ///< A request of HTTP/1.1 without Host: 400.
  /// Time-outs are looked at this often, so each may come late by as much; and so is who has left
  /// a connection that is not being read.
  std::int64_t sweep_interval_ms = 500;

  /// What requests may be counted as, for the metrics (`http_exchange::count_as`): a closed set.
  std::vector<std::string> handlers = {};
};

} // namespace orderhub::http_gateway
