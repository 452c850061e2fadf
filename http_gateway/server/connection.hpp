#pragma once
#include "http_gateway/server/exchange.hpp"
#include "http_gateway/server/exchange_list.hpp"
#include "http_gateway/server/request_parser.hpp"
#include "http_gateway/server/sockets.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::http_gateway::detail {

/// One connection; lives on its shard's io thread alone, and at most as long as the shard. Internal
/// to the server.
///
/// Unanswered requests are a list in arrival order, at most `pipeline_max` long; beyond it nothing
/// is read. Bytes are read into the shard's scratch buffer; only what is left of a split request is
/// kept here. What changes a connection ends with `shard::touch`, and the shard's `finish_turn`
/// writes what has become ready, once.
class connection : public std::enable_shared_from_this<connection> {
public:
  /// `refused`: over the limit, told so at its first bytes and closed.
  connection(shard& s, socket_type socket, bool refused);

  void start();
  /// The answer to one of its requests stands; it is written when its turn has come.
  void on_ready(http_exchange& exchange);
  /// Something was written to the stream of one of its requests, or it has ended.
  void on_streamed(http_exchange& exchange);
  /// Writes the answers that are ready in order, as far as the socket takes them, then reads on.
  void flush();
  /// Ends what is overdue at `now`.
  void sweep(std::int64_t now);
  /// True where its caller could leave without being noticed: something is owed to it, and nothing
  /// is read for the moment. `sweep` of the shard asks the kernel then.
  [[nodiscard]] bool is_unwatched() const;
  [[nodiscard]] int native_handle() { return socket_.native_handle(); }
  /// The caller has finished sending; what it sent before may still be unread.
  void on_half_close();
  /// Closes it where it is idle; else nothing is taken any more and it closes when all is answered.
  void drain();
  /// Answers every request that still waits: the server stops.
  void reject_pending();
  void close();
  [[nodiscard]] bool is_from_loopback() const;
  /// Its address, of one that has one; asked of the kernel once.
  [[nodiscard]] std::string peer();
  [[nodiscard]] std::optional<local_peer> peer_at_socket();
  /// Owes nobody anything.
  [[nodiscard]] bool settled() const { return lingering_ || closed_; }
  /// Has a request that is not handed over yet.
  [[nodiscard]] bool is_held() const { return held_ && !closed_; }
  /// Waits for room for a body.
  [[nodiscard]] bool is_starved() const { return starved_since_ms_ != 0 && !closed_; }
  /// There are bytes, and its turn has come.
  void read_now() { on_readable({}); }
  /// Goes on with its body where there is room now. False where there is none.
  bool go_on();
  [[nodiscard]] bool refused() const { return refused_; }

  std::size_t index = 0;      ///< In the shard's list.
  bool touched = false;       ///< Waits for `flush`.
  bool waits_to_read = false; ///< Is in the shard's queue for it.

private:
  void wait_readable();
  /// It is in the midst of nothing, and has never been answered, or not for a while.
  [[nodiscard]] bool is_quiet() const;
  void wait_writable();
  void on_readable(const error_code& wait_error);
  void on_writable(const error_code& wait_error);
  void on_end_of_input();
  void on_bytes(const char* data, std::size_t size);
  void parse(const char* data, std::size_t size);
  void begin_request();
  void forget_request();
  void dispatch();
  /// False where the request is to wait for the answer to an earlier one.
  [[nodiscard]] bool may_hand_over(const http_exchange& exchange) const;
  void hand_over(http_exchange_ptr exchange);
  /// Instead of handing it over.
  void answer_at_once(http_exchange_ptr exchange, http_response response);
  /// For what is received of a larger body, and for what is announced of it; 0 where it has that.
  [[nodiscard]] std::size_t wanted_room() const;
  /// It has that, or takes it. False where it is to wait.
  bool has_room();
  bool take_room();
  /// Says `100 Continue` to who waits for that.
  void ask_for_body();
  /// Answers instead of the request that is being received, and ends the connection.
  void refuse(std::uint16_t status, std::string_view message);
  /// The same with 503, for want of room.
  void refuse_for_now(std::string_view message);
  void end_with(http_response response);
  void resume();
  void queue(http_exchange_ptr exchange);
  [[nodiscard]] bool has_ready() const;
  http_exchange_ptr take_first();
  /// True where the connection ends behind it.
  bool format(std::string& out, http_exchange& exchange);
  void write_ready();
  /// Adds what there is of the stream that is being answered with, its head first.
  void add_stream(std::string& out);
  /// The kernel took so much.
  void note_sent(std::size_t size);
  void send(std::string& out);
  /// Brings the server's budget up to date with what is unsent here.
  void account();
  void linger();
  void reset();
  [[nodiscard]] bool may_parse() const;
  [[nodiscard]] bool is_slow_reader(std::int64_t now) const;
  [[nodiscard]] bool is_slow_sender(std::int64_t now) const;

  shard& shard_;
  socket_type socket_;
  std::optional<request_parser> parser_;
  http_exchange_ptr current_; ///< Being received.
  http_exchange_ptr held_;    ///< Whole, and not handed over yet; nothing is parsed behind it.
  exchange_list waiting_;     ///< Handed over or refused, and not answered.
  std::string pending_;       ///< Read and not yet parsed.
  std::string out_;           ///< Formatted and not yet taken by the socket.
  std::size_t out_offset_ = 0;
  std::size_t ready_size_ = 0; ///< Of answers that stand and are not formatted yet.
  std::size_t accounted_ = 0;  ///< Of the server's budget for unsent answers.
  std::size_t stream_out_ = 0; ///< Of a stream, on its way to the socket.
  std::size_t expected_size_;  ///< Of an answer to come: the largest of late.
  std::size_t discarded_ = 0;
  std::optional<std::string> peer_; ///< Once it was asked for.
  std::int64_t idle_since_ms_ = 0;
  std::int64_t read_began_ms_ = 0;    ///< 0: no request is being received.
  std::int64_t starved_since_ms_ = 0; ///< 0: the body that is being received has room.
  std::int64_t write_began_ms_ = 0;   ///< When the socket took no more of `out_`.
  std::int64_t linger_due_ms_ = 0;
  std::int64_t half_close_due_ms_ = 0; ///< 0: the caller has not finished sending, as far as known.
  bool knows_size_ = false;            ///< Of its answers.
  bool refused_ = false;
  bool has_answered_ = false; ///< At least once.
  bool reading_ = false;      ///< A wait is out.
  bool writing_ = false;      ///< `out_` waits for room.
  bool end_of_input_ = false; ///< The caller sends nothing more.
  bool last_request_ = false; ///< Nothing more is parsed; closed once the list is empty.
  bool ended_ = false;        ///< Nothing is written behind what is in `out_`.
  bool resets_ = false;       ///< And then the connection is reset.
  bool owes_continue_ = false;
  bool lingering_ = false;
  bool streams_ = false; ///< The first of `waiting_` is a stream whose head has left.
  bool closed_ = false;
};

} // namespace orderhub::http_gateway::detail
