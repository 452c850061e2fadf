#include "http_gateway/server/connection.hpp"

#include "http_gateway/server/local_socket.hpp"
#include "http_gateway/server/shard.hpp"
#include "http_gateway/server/stream_body.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/socket.h>

namespace orderhub::http_gateway::detail {
namespace {

/// So many requests a connection may have in flight before the size of its answers is known.
constexpr std::size_t unknown_share = 4;

/// Negative where the peer has gone.
int family_of(const socket_type& socket) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  return ec ? -1 : peer.protocol().family();
}

/// Of a peer that has one.
std::optional<asio::ip::address> address_of(const socket_type& socket) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  tcp::endpoint ip;
  const auto family = ec ? -1 : peer.protocol().family();
  if ((family != AF_INET && family != AF_INET6) || peer.size() > ip.capacity())
    return std::nullopt;
  std::memcpy(ip.data(), peer.data(), peer.size());
  ip.resize(peer.size());
  return ip.address();
}

} // namespace

connection::connection(shard& s, socket_type socket, bool refused)
    : shard_(s), socket_(std::move(socket)),
      expected_size_(s.options.unsent_size_max / unknown_share), refused_(refused) {}

void connection::start() {
  idle_since_ms_ = steady_ms();
  wait_readable();
}

void connection::on_half_close() {
  if (streams_) // It would be sent to for ever.
    return close();
  // A caller may close its sending side and still wait for its answers; but not for those that are
  // its own only, and not for ever.
  bool is_owed = writing_ || held_ || is_starved();
  waiting_.for_each([&](http_exchange& exchange) {
    if (!exchange.answered() && shard_.abandon(exchange, departure::finished_sending)) {
      exchange.response_ = shard_.handler.refusal(503, "The caller has stopped waiting; ask again.",
                                                  1, &exchange.request);
      shard_.deliver(exchange);
    } else {
      is_owed = true;
    }
  });
  if (!is_owed)
    return close();
  if (half_close_due_ms_ == 0)
    half_close_due_ms_ = steady_ms() + shard_.options.half_close_wait_ms;
}

bool connection::is_unwatched() const {
  return !reading_ && !closed_;
}

bool connection::is_from_loopback() const {
  const auto family = family_of(socket_);
  const auto address = address_of(socket_);
  return family == AF_UNIX || (address && address->is_loopback());
}

std::string connection::peer() {
  if (!peer_) {
    const auto address = address_of(socket_);
    peer_ = address ? address->to_string() : std::string();
  }
  return *peer_;
}

std::optional<local_peer> connection::peer_at_socket() {
  if (family_of(socket_) != AF_UNIX)
    return std::nullopt;
  return peer_of(native_handle());
}

bool connection::is_slow_reader(std::int64_t now) const {
  const auto& options = shard_.options;
  return writing_ && (now - write_began_ms_ >= options.write_timeout_ms ||
                      (shard_.loop->counters->sending.is_short() &&
                       is_too_slow(write_began_ms_, out_offset_, now, options.slow_grace_ms)));
}

bool connection::is_slow_sender(std::int64_t now) const {
  const auto& options = shard_.options;
  if (!current_ || read_began_ms_ == 0 || is_starved())
    return false;
  return now - read_began_ms_ >= options.read_timeout_ms ||
         (current_->received_.load(std::memory_order_relaxed) != 0 &&
          shard_.loop->counters->receiving.is_short() &&
          is_too_slow(read_began_ms_, current_->request.body.size(), now, options.slow_grace_ms));
}

void connection::sweep(std::int64_t now) {
  if (closed_)
    return;
  if (lingering_) {
    if (now >= linger_due_ms_)
      close();
    return;
  }
  if (is_slow_reader(now)) {
    count(shard_.loop->counters->slow_clients);
    return close();
  }
  const bool left = half_close_due_ms_ != 0 && now >= half_close_due_ms_;
  waiting_.for_each([&](http_exchange& exchange) {
    if ((left || shard_.is_overdue(exchange, now)) && shard_.time_out(exchange))
      shard_.deliver(exchange);
  });
  if (is_held() && now - held_->began_ms_ >= shard_.options.request_timeout_ms) {
    count(shard_.loop->counters->overloaded);
    auto refused = shard_.handler.refusal(
        503, "Too many large answers are being made; try again shortly.", 1, &held_->request);
    answer_at_once(std::move(held_), std::move(refused));
    return;
  }
  if (is_starved() && now - starved_since_ms_ >= shard_.options.room_wait_ms) {
    refuse_for_now("Too many request bodies are being received; try again shortly.");
    return;
  }
  if (is_slow_sender(now)) {
    count(shard_.loop->counters->slow_clients);
    refuse(408, "The request did not arrive in time.");
    return;
  }
  const auto idle_max = refused_ ? shard_.options.linger_ms : shard_.options.idle_timeout_ms;
  if (!waiting_.empty() || current_ || held_ || writing_ || now - idle_since_ms_ < idle_max)
    return;
  if (refused_ && !last_request_)
    end_with(shard_.refusal());
  else
    close();
}

void connection::drain() {
  if (streams_) {
    waiting_.front()->stream_->finish();
    return shard_.touch(*this);
  }
  if (!waiting_.empty() || held_ || writing_ || lingering_ || closed_)
    return;
  if (current_)
    refuse(503, "The hub is shutting down; try again shortly.");
  else
    linger();
}

void connection::reject_pending() {
  if (is_held())
    hand_over(std::move(held_)); // Nothing is admitted any more: it is answered with that.
  waiting_.for_each([&](http_exchange& exchange) {
    if (exchange.ready_ && exchange.stream_) {
      exchange.stream_->finish();
      shard_.touch(*this);
    }
    if (!shard::end(exchange))
      return;
    exchange.response_ = shard_.handler.stopping(exchange);
    shard_.deliver(exchange);
  });
}

void connection::linger() {
  // Closing at once with unread input would reset the connection, and the caller could lose the
  // answer; so what it still sends is read and dropped for a while.
  pending_ = std::string();
  forget_request();
  error_code ec;
  socket_.shutdown(socket_type::shutdown_send, ec);
  if (ec || end_of_input_)
    return close();
  lingering_ = true;
  linger_due_ms_ = steady_ms() + shard_.options.linger_ms;
  wait_readable();
}

/// Without lingering the kernel drops what is unsent and sends RST.
void connection::reset() {
  error_code ignored; // A connection that is gone already needs no reset.
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void connection::close() {
  if (std::exchange(closed_, true))
    return;
  error_code ignored; // Nothing can be done about a socket that will not close.
  socket_.close(ignored);
  while (!waiting_.empty()) {
    auto exchange = take_first();
    if (exchange->ready_ && exchange->stream_)
      exchange->stream_->leave();
    if (!exchange->answered() && !shard_.abandon(*exchange, departure::gone))
      shard_.adopt_orphan(std::move(exchange));
  }
  streams_ = false;
  stream_out_ = 0;
  held_.reset();
  out_ = std::string();
  out_offset_ = 0;
  account();
  shard_.remove(*this);
}

} // namespace orderhub::http_gateway::detail
