// From answers to bytes that the socket has taken.
#include "http_gateway/server/connection.hpp"
#include "http_gateway/server/response_writer.hpp"
#include "http_gateway/server/shard.hpp"
#include "http_gateway/server/stream_body.hpp"

#include <algorithm>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace orderhub::http_gateway::detail {
namespace {

/// Who has lost power says nothing: what is sent to him and not acknowledged for so long ends it.
constexpr int stream_unheard_max_ms = 45'000;
using user_timeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;

std::size_t size_of(const http_response& r) {
  return r.body.size() + r.headers.size();
}

} // namespace

void connection::queue(http_exchange_ptr exchange) {
  exchange->connection_ = this;
  auto& queued = *exchange;
  waiting_.push(std::move(exchange));
  if (queued.ready_)
    on_ready(queued);
}

void connection::on_ready(http_exchange& exchange) {
  exchange.ready_ = true;
  const auto size = size_of(exchange.response_);
  ready_size_ += size;
  expected_size_ = std::max(size, expected_size_ / 2);
  knows_size_ = true;
  account();
  shard_.touch(*this);
}

void connection::account() {
  auto& sending = shard_.loop->counters->sending;
  const auto unsent = ready_size_ + out_.size() - out_offset_;
  if (unsent > accounted_)
    sending.take(unsent - accounted_);
  else if (unsent < accounted_)
    sending.give_back(accounted_ - unsent);
  accounted_ = unsent;
}

bool connection::has_ready() const {
  return !waiting_.empty() && waiting_.front()->ready_;
}

http_exchange_ptr connection::take_first() {
  auto exchange = waiting_.pop();
  if (exchange->ready_)
    ready_size_ -= size_of(exchange->response_);
  exchange->connection_ = nullptr;
  return exchange;
}

bool connection::format(std::string& out, http_exchange& exchange) {
  const auto& r = exchange.response_;
  const bool breaks = r.ending != wire_ending::whole;
  resets_ = r.ending == wire_ending::reset || r.ending == wire_ending::whole_then_reset;
  response_framing framing;
  framing.close =
      !breaks && (r.close || !exchange.keep_alive_ ||
                  (waiting_.empty() && !held_ && (shard_.is_draining() || end_of_input_)));
  framing.keep_alive = exchange.http_1_0_;
  framing.without_body = exchange.head_;
  if (framing.close)
    last_request_ = true;
  append_response(out, r, framing, shard_.date.now());
  const auto took = exchange.began_us_ != 0 ? steady_us() - exchange.began_us_ : 0;
  shard_.loop->counters->answered(exchange.counted_as_, r.status, took);
  // Requests behind one that ends the connection are not answered; the caller repeats them.
  return breaks || r.close || !exchange.keep_alive_;
}

void connection::flush() {
  if (closed_ || lingering_ || writing_)
    return;
  do {
    write_ready();
  } while (has_ready() && !streams_ && !ended_ && !writing_ && !closed_);
  account();
  last_request_ = last_request_ || ended_;
  if (closed_ || writing_)
    return;
  if (resets_)
    return reset();
  if (ended_ || (last_request_ && waiting_.empty() && !held_))
    return linger();
  if (streams_)
    return wait_readable(); // Who leaves is to be seen at once.
  if (waiting_.empty() && !current_)
    idle_since_ms_ = steady_ms();
  resume();
}

/// What is ready, up to about `unsent_size_max`: larger answers are not copied all at once.
void connection::write_ready() {
  auto& out = shard_.output;
  out.clear();
  while (has_ready() && !ended_ && out.size() < shard_.options.unsent_size_max) {
    if (waiting_.front()->stream_) {
      add_stream(out);
      break;
    }
    const auto exchange = take_first();
    has_answered_ = true;
    ended_ = format(out, *exchange);
  }
  if (closed_)
    return;
  if (owes_continue_ && waiting_.empty() && !ended_) {
    owes_continue_ = false;
    out += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  if (!out.empty())
    send(out);
}

void connection::add_stream(std::string& out) {
  auto& exchange = *waiting_.front();
  if (!streams_) {
    if (end_of_input_ || half_close_due_ms_ != 0)
      return close();
    streams_ = last_request_ = has_answered_ = true;
    held_.reset();
    pending_ = std::string();
    forget_request();
    error_code ignored; // A Unix socket has none, and needs none.
    socket_.set_option(user_timeout(stream_unheard_max_ms), ignored);
    response_framing framing;
    framing.close = true;
    framing.body = exchange.http_1_0_ ? body_framing::until_close : body_framing::chunked;
    append_response(out, exchange.response_, framing, shard_.date.now());
    shard_.loop->counters->answered(exchange.counted_as_, exchange.response_.status,
                                    steady_us() - exchange.began_us_);
    if (exchange.head_)
      exchange.stream_->leave();
  }
  auto piece = exchange.stream_->take();
  out += piece.bytes;
  stream_out_ += piece.bytes.size();
  if (!piece.is_last && !exchange.head_)
    return;
  take_first();
  streams_ = false;
  stream_out_ = 0;
  ended_ = true;
}

void connection::on_streamed(http_exchange& exchange) {
  if (closed_ || !exchange.ready_)
    return;
  if (!exchange.stream_->is_behind())
    return shard_.touch(*this);
  count(shard_.loop->counters->slow_clients);
  reset();
}

void connection::note_sent(std::size_t size) {
  const auto of_stream = std::min(size, stream_out_);
  if (of_stream == 0)
    return;
  stream_out_ -= of_stream;
  waiting_.front()->stream_->sent(of_stream);
}

void connection::send(std::string& out) {
  error_code ec;
  const auto sent = socket_.write_some(asio::buffer(out), ec);
  if (ec && ec != asio::error::would_block && ec != asio::error::try_again)
    return close();
  if (!ec)
    note_sent(sent);
  if (!ec && sent == out.size()) {
    if (out.capacity() > 4 * shard_.scratch.size())
      out = std::string();
    return;
  }
  out_.assign(out, ec ? 0 : sent);
  out_offset_ = 0;
  writing_ = true;
  write_began_ms_ = steady_ms();
  wait_writable();
}

void connection::wait_writable() {
  socket_.async_wait(socket_type::wait_write, [self = shared_from_this()](const error_code& ec) {
    auto& owner = self->shard_;
    self->on_writable(ec);
    owner.finish_turn();
  });
}

void connection::on_writable(const error_code& wait_error) {
  if (closed_)
    return;
  if (wait_error)
    return close();
  error_code ec;
  const auto sent =
      socket_.write_some(asio::buffer(out_.data() + out_offset_, out_.size() - out_offset_), ec);
  if (ec == asio::error::would_block || ec == asio::error::try_again)
    return wait_writable();
  if (ec)
    return close();
  out_offset_ += sent;
  note_sent(sent);
  account();
  if (out_offset_ < out_.size())
    return wait_writable();
  out_ = std::string();
  out_offset_ = 0;
  writing_ = false;
  shard_.touch(*this);
}

} // namespace orderhub::http_gateway::detail
