#pragma once
#include "http_gateway/server/connection.hpp"
#include "http_gateway/server/exchange.hpp"
#include "http_gateway/server/io_loop.hpp"
#include "http_gateway/server/metrics.hpp"
#include "http_gateway/server/options.hpp"
#include "http_gateway/server/response_writer.hpp"
#include "http_gateway/server/sockets.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::http_gateway::detail {

/// One io thread and its connections. Internal to the server.
///
/// Everything but the constructor, `run`, `release`, `end` and `deliver_here` happens on that
/// thread. Each entry from the event loop ends with `finish_turn`, so that answers which became
/// ready together leave in one write.
class shard {
public:
  /// Options and handler are not copied and outlive it.
  shard(const server_options& o, request_handler& h, std::shared_ptr<server_counters> counters);

  /// The thread: until the loop's context is stopped.
  void run();

  /// Takes a new connection; one that is `refused` is told so.
  void adopt(socket_type socket, bool refused);
  /// Says 503 to one for which there is not even that, and closes it.
  void turn_away(socket_type socket);
  /// Forgets a connection that has closed; it lives until the turn ends.
  void remove(connection& c);
  /// `c.flush()` before the turn ends.
  void touch(connection& c);
  void finish_turn();

  /// Counts a whole request in. The answer to one that is not to be handled, or nothing.
  /// `is_extra`: its connection has others in flight.
  std::optional<http_response> admit(http_exchange& exchange, bool is_extra);
  /// Whether one more read may be handed over.
  [[nodiscard]] bool has_room_to_read() const;
  /// `c` has a read that is to be handed over when there is room.
  void wait_to_read(connection& c);
  /// `c` has bytes to read and was quiet before: after those who were not.
  void read_later(std::shared_ptr<connection> c);
  /// `c` has a body for which there is no room yet.
  void wait_for_room(connection& c) { starved_.push_back(c.shared_from_this()); }
  [[nodiscard]] bool anybody_waits_for_room() const { return !starved_.empty(); }
  /// Its answer stands; writes it when its turn has come.
  void deliver(http_exchange& exchange);
  /// `exchange.answer(response)` in `delay_ms`.
  void answer_later(http_exchange& exchange, std::int64_t delay_ms, http_response response);
  /// Takes what other threads have answered since.
  void take_answers();
  /// Takes what was written to streams since.
  void take_streamed();
  /// Ends an exchange whose caller waited too long. True where it was still open.
  bool time_out(http_exchange& exchange);
  /// One that has been in flight for long is a wait, and gives the place that it had to others.
  /// False where there is no room for it among the waits.
  bool count_as_wait(http_exchange& exchange);
  /// Its time is up at `now`, or that of whoever waits this long and finds no room to.
  bool is_overdue(http_exchange& exchange, std::int64_t now);
  /// Ends an exchange whose caller has departed, if the handler says so. True where nobody has
  /// answered it, and nobody will.
  bool abandon(http_exchange& exchange, departure how);
  /// Keeps an open exchange whose caller has gone: it still counts as load until it is answered,
  /// the handler lets go of it, or its time is up.
  void adopt_orphan(http_exchange_ptr exchange) { orphans_.push_back(std::move(exchange)); }

  void drain();
  [[nodiscard]] bool is_draining() const { return draining_; }
  /// Whoever still waits is told that the server stops.
  void answer_all();
  void close_all();
  /// Connections that still owe an answer.
  [[nodiscard]] std::size_t unsettled() const;
  /// What a connection over the limit is told.
  [[nodiscard]] http_response refusal();
  /// Of connections that are only told that they are refused.
  [[nodiscard]] std::size_t refused_now() const { return refused_now_; }

  /// Any thread. True where nobody has answered the exchange yet; then the caller must.
  static bool end(http_exchange& exchange);
  /// Any thread: it is no longer in flight.
  static void release(http_exchange& exchange);
  /// Any thread. True, and delivered at the end of the turn, where this is the exchange's thread.
  static bool deliver_here(http_exchange& exchange);

  const server_options& options;
  request_handler& handler;
  const std::shared_ptr<io_loop> loop;
  std::string scratch; ///< Input of whichever connection is being read.
  std::string output;  ///< Output of whichever connection is being written.
  date_line date;

private:
  void schedule_sweep();
  void sweep();
  void notice_departures();
  [[nodiscard]] std::size_t reads_max() const;
  void wake_readers();
  /// True where one could go on.
  bool wake_starved();
  void schedule_later();
  void read_some_quiet();

  std::vector<std::shared_ptr<connection>> connections_;
  std::vector<std::shared_ptr<connection>> touched_;
  std::vector<std::shared_ptr<connection>> removed_;
  std::deque<std::shared_ptr<connection>> readers_; ///< Wait to read, in that order.
  std::deque<std::shared_ptr<connection>> starved_; ///< Wait for room for a body, in that order.
  std::deque<std::shared_ptr<connection>> quiet_;   ///< Have bytes, in that order.
  std::size_t expected_read_size_ = 0; ///< Of an answer to a read: the largest of late.
  std::vector<http_exchange_ptr> local_answers_;
  std::vector<http_exchange_ptr> orphans_;
  std::vector<http_exchange_ptr> dropped_; ///< The handler is to be told, at the end of the turn.
  std::size_t refused_now_ = 0;
  bool draining_ = false;
  struct later {
    http_exchange_ptr exchange;
    http_response response;
  };
  std::multimap<timer_type::time_point, later> later_; ///< By when they are due.
  timer_type later_timer_;
  timer_type sweep_timer_;
};

} // namespace orderhub::http_gateway::detail
