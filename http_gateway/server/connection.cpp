#include "http_gateway/server/connection.hpp"

#include "http_gateway/server/response_writer.hpp"
#include "http_gateway/server/shard.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::http_gateway::detail {

namespace {

/// A body up to this needs no room of its own: so much is bounded by the number of connections and
/// of requests in flight.
constexpr std::size_t small_body_size = 16 * 1024;
/// Room is taken in pieces of at least this size where the length is not announced.
constexpr std::size_t body_piece_size = 64 * 1024;
/// What is read at once beside a body.
constexpr std::size_t read_size = 16 * 1024;
/// So many requests a connection may have in flight before the size of its answers is known.
constexpr std::size_t unknown_share = 4;

std::size_t size_of(const http_response& r) {
  return r.body.size() + r.headers.size();
}

} // namespace

connection::connection(shard& s, socket_type socket, bool refused)
    : shard_(s), socket_(std::move(socket)),
      expected_size_(s.options.unsent_size_max / unknown_share), refused_(refused) {}

void connection::start() {
  idle_since_ms_ = steady_ms();
  wait_readable();
}

bool connection::may_parse() const {
  return !last_request_ && !writing_ && !closed_ && !held_ &&
         (waiting_ == 0 ||
          (waiting_ < shard_.loop->counters->places.share(shard_.options.pipeline_max) &&
           ready_size_ + (waiting_ + 1) * expected_size_ <= shard_.options.unsent_size_max));
}

void connection::wait_readable() {
  if (reading_ || closed_ || end_of_input_)
    return;
  reading_ = true;
  // A readiness wait instead of a read: an idle connection then owns no buffer.
  socket_.async_wait(socket_type::wait_read, [self = shared_from_this()](const error_code& ec) {
    auto& owner = self->shard_;
    self->on_readable(ec);
    owner.finish_turn();
  });
}

void connection::wait_writable() {
  socket_.async_wait(socket_type::wait_write, [self = shared_from_this()](const error_code& ec) {
    auto& owner = self->shard_;
    self->on_writable(ec);
    owner.finish_turn();
  });
}

void connection::on_readable(const error_code& wait_error) {
  reading_ = false;
  if (closed_)
    return;
  if (wait_error)
    return close();
  auto& scratch = shard_.scratch;
  const auto kept = lingering_ ? 0 : pending_.size();
  if (kept >= scratch.size())
    return close(); // Cannot happen: parsing stops long before.
  std::copy_n(pending_.data(), kept, scratch.data());
  error_code ec;
  // A paused pipeline keeps what was read of it, so that is little; bodies and what is discarded
  // are read in larger pieces.
  const auto wanted =
      lingering_ ? scratch.size() : read_size + (parser_ ? parser_->body_left() : 0);
  const auto room = std::min<std::uint64_t>(scratch.size() - kept, wanted);
  const auto size =
      socket_.read_some(asio::buffer(scratch.data() + kept, static_cast<std::size_t>(room)), ec);
  if (ec == asio::error::would_block || ec == asio::error::try_again)
    return wait_readable();
  if (ec == asio::error::eof)
    return on_end_of_input();
  if (ec)
    return close();
  if (lingering_) {
    discarded_ += size;
    if (discarded_ > shard_.options.linger_size_max)
      return close();
    return wait_readable();
  }
  on_bytes(scratch.data(), kept + size);
}

void connection::on_end_of_input() {
  end_of_input_ = true;
  if (lingering_)
    return close();
  last_request_ = true;
  forget_request();
  on_half_close();
}

bool connection::is_unwatched() const {
  return !reading_ && !closed_ && !end_of_input_;
}

void connection::on_half_close() {
  // A caller may close its sending side and still wait for its answers; but not for those that are
  // its own only, and not for ever.
  bool is_owed = writing_ || held_;
  for (auto* exchange = first_.get(); exchange; exchange = exchange->next_.get()) {
    if (!exchange->answered() && shard_.abandon(*exchange, departure::finished_sending)) {
      exchange->response_ = problem(503, "The caller has stopped waiting; ask again.", 1);
      shard_.deliver(*exchange);
    } else {
      is_owed = true;
    }
  }
  if (!is_owed)
    return close();
  if (half_close_due_ms_ == 0)
    half_close_due_ms_ = steady_ms() + shard_.options.half_close_wait_ms;
}

void connection::on_bytes(const char* data, std::size_t size) {
  if (!refused_)
    return parse(data, size);
  if (!last_request_)
    end_with(shard::refusal());
}

void connection::resume() {
  if (held_ && may_hand_over(*held_))
    hand_over(std::move(held_));
  if (!may_parse())
    return;
  if (pending_.empty())
    return wait_readable();
  const auto bytes = std::exchange(pending_, {});
  parse(bytes.data(), bytes.size());
}

void connection::parse(const char* data, std::size_t size) {
  while (size > 0 && may_parse()) {
    if (!current_) {
      // One empty line before a request is forgiven (RFC 9112, 2.2).
      if (size == 1 && data[0] == '\r')
        break;
      if (size >= 2 && data[0] == '\r' && data[1] == '\n') {
        data += 2;
        size -= 2;
        if (size == 0)
          break;
      }
      begin_request();
    }
    const auto taken = parser_->take(data, size);
    data += taken;
    size -= taken;
    if (const auto& why = parser_->refused(); why.status != 0) {
      refuse(why.status, std::string(why.message)); // The parser ends there.
      size = 0;
      break;
    }
    if (!has_room()) {
      refuse_for_now("Too many request bodies are being received; try again shortly.");
      size = 0;
      break;
    }
    if (!parser_->is_done())
      break;
    dispatch();
  }
  pending_.assign(data, size);
  if (pending_.empty() && pending_.capacity() > 512)
    pending_.shrink_to_fit();
  if (current_ && parser_->take_expectation()) {
    owes_continue_ = current_->request.body.empty();
    shard_.touch(*this);
  }
  if (may_parse())
    wait_readable();
}

void connection::begin_request() {
  current_ = shard_.handler.make_exchange();
  current_->loop_ = shard_.loop;
  parser_.emplace(current_->request, shard_.options);
  read_began_ms_ = steady_ms();
}

bool connection::has_room() {
  auto& body = current_->request.body;
  const auto had = current_->received_.load(std::memory_order_relaxed);
  if (body.size() <= std::max(small_body_size, had))
    return true;
  // All of an announced length at once: whoever has begun can finish.
  const auto announced = parser_->announced_size();
  const auto wanted =
      announced ? static_cast<std::size_t>(*announced) : std::max(body_piece_size, 2 * body.size());
  if (!shard_.loop->counters->receiving.try_take(wanted - had))
    return false;
  current_->received_.store(wanted, std::memory_order_relaxed);
  if (announced)
    body.reserve(wanted);
  return true;
}

void connection::forget_request() {
  current_.reset();
  parser_.reset();
  read_began_ms_ = 0;
  owes_continue_ = false;
}

void connection::dispatch() {
  auto exchange = std::exchange(current_, nullptr);
  exchange->keep_alive_ = parser_->keep_alive();
  exchange->http_1_0_ = !parser_->is_http_1_1();
  exchange->head_ = exchange->request.method == "HEAD";
  forget_request();
  if (!exchange->keep_alive_)
    last_request_ = true;
  exchange->class_ = shard_.handler.class_of(*exchange);
  if (may_hand_over(*exchange))
    hand_over(std::move(exchange));
  else
    held_ = std::move(exchange);
}

/// An answer to a read can be large: until the size of one is known, there is one at a time.
bool connection::may_hand_over(const http_exchange& exchange) const {
  return waiting_ == 0 || knows_size_ || exchange.class_ != request_class::read;
}

void connection::hand_over(http_exchange_ptr exchange) {
  if (auto refusal = shard_.admit(*exchange, waiting_ > 0)) {
    exchange->response_ = std::move(*refusal);
    exchange->answered_.store(true, std::memory_order_relaxed);
    exchange->release_body();
    exchange->ready_ = true;
    return queue(std::move(exchange));
  }
  queue(exchange);
  shard_.handler.handle(std::move(exchange));
}

void connection::queue(http_exchange_ptr exchange) {
  exchange->connection_ = this;
  ++waiting_;
  auto* raw = exchange.get();
  if (last_)
    last_->next_ = std::move(exchange);
  else
    first_ = std::move(exchange);
  last_ = raw;
  if (raw->ready_)
    on_ready(*raw);
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

http_exchange_ptr connection::take_first() {
  auto exchange = std::move(first_);
  first_ = std::move(exchange->next_);
  if (!first_)
    last_ = nullptr;
  --waiting_;
  if (exchange->ready_)
    ready_size_ -= size_of(exchange->response_);
  exchange->connection_ = nullptr;
  return exchange;
}

void connection::refuse(std::uint16_t status, std::string_view message) {
  count(shard_.loop->counters->malformed);
  end_with(problem(status, message));
}

void connection::refuse_for_now(std::string_view message) {
  count(shard_.loop->counters->overloaded);
  end_with(problem(503, message, 1));
}

void connection::end_with(http_response response) {
  auto exchange = std::make_shared<http_exchange>();
  exchange->response_ = std::move(response);
  exchange->response_.close = true;
  exchange->head_ = current_ && current_->request.method == "HEAD";
  exchange->ready_ = true;
  forget_request();
  last_request_ = true;
  pending_.clear();
  queue(std::move(exchange));
}

bool connection::format(std::string& out, http_exchange& exchange) {
  const auto& r = exchange.response_;
  const bool breaks = r.ending != wire_ending::whole;
  resets_ = r.ending == wire_ending::reset || r.ending == wire_ending::whole_then_reset;
  response_framing framing;
  framing.close = !breaks && (r.close || !exchange.keep_alive_ ||
                              (!first_ && !held_ && (shard_.is_draining() || end_of_input_)));
  framing.keep_alive = exchange.http_1_0_;
  framing.without_body = exchange.head_;
  if (framing.close)
    last_request_ = true;
  append_response(out, r, framing, shard_.date.now());
  const auto group = std::min<std::size_t>(r.status / 100, 5);
  count(shard_.loop->counters->answers.at(group));
  // Requests behind one that ends the connection are not answered; the caller repeats them.
  return breaks || r.close || !exchange.keep_alive_;
}

void connection::flush() {
  if (closed_ || lingering_ || writing_)
    return;
  do {
    write_ready();
  } while (first_ && first_->ready_ && !ended_ && !writing_ && !closed_);
  account();
  last_request_ = last_request_ || ended_;
  if (closed_ || writing_)
    return;
  if (resets_)
    return reset();
  if (ended_ || (last_request_ && !first_ && !held_))
    return linger();
  if (!first_ && !current_)
    idle_since_ms_ = steady_ms();
  resume();
}

/// What is ready, up to about `unsent_size_max`: larger answers are not copied all at once.
void connection::write_ready() {
  auto& out = shard_.output;
  out.clear();
  while (first_ && first_->ready_ && !ended_ && out.size() < shard_.options.unsent_size_max) {
    const auto exchange = take_first();
    ended_ = format(out, *exchange);
  }
  if (owes_continue_ && !first_ && !ended_) {
    owes_continue_ = false;
    out += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  if (!out.empty())
    send(out);
}

void connection::send(std::string& out) {
  error_code ec;
  const auto sent = socket_.write_some(asio::buffer(out), ec);
  if (ec && ec != asio::error::would_block && ec != asio::error::try_again)
    return close();
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
  account();
  if (out_offset_ < out_.size())
    return wait_writable();
  out_ = std::string();
  out_offset_ = 0;
  writing_ = false;
  shard_.touch(*this);
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

bool connection::is_from_loopback() const {
  error_code ec;
  const auto peer = socket_.remote_endpoint(ec);
  return !ec && peer.address().is_loopback();
}

/// Without lingering the kernel drops what is unsent and sends RST.
void connection::reset() {
  error_code ignored; // A connection that is gone already needs no reset.
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

bool connection::is_slow_reader(std::int64_t now) const {
  const auto& options = shard_.options;
  return writing_ && (now - write_began_ms_ >= options.write_timeout_ms ||
                      (shard_.loop->counters->sending.is_short() &&
                       is_too_slow(write_began_ms_, out_offset_, now, options.slow_grace_ms)));
}

bool connection::is_slow_sender(std::int64_t now) const {
  const auto& options = shard_.options;
  if (!current_ || read_began_ms_ == 0)
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
  for (auto* exchange = first_.get(); exchange; exchange = exchange->next_.get())
    if ((left || shard_.is_overdue(*exchange, now)) && shard_.time_out(*exchange))
      shard_.deliver(*exchange);
  if (is_slow_sender(now)) {
    count(shard_.loop->counters->slow_clients);
    refuse(408, "The request did not arrive in time.");
    return;
  }
  const auto idle_max = refused_ ? shard_.options.linger_ms : shard_.options.idle_timeout_ms;
  if (first_ || current_ || writing_ || now - idle_since_ms_ < idle_max)
    return;
  if (refused_ && !last_request_)
    end_with(shard::refusal());
  else
    close();
}

void connection::drain() {
  if (first_ || writing_ || lingering_ || closed_)
    return;
  if (current_)
    refuse(503, "The hub is shutting down; try again shortly.");
  else
    linger();
}

void connection::reject_pending() {
  for (auto* exchange = first_.get(); exchange; exchange = exchange->next_.get())
    if (shard::end(*exchange)) {
      exchange->response_ = shard_.handler.stopping(*exchange);
      shard_.deliver(*exchange);
    }
}

void connection::close() {
  if (std::exchange(closed_, true))
    return;
  error_code ignored; // Nothing can be done about a socket that will not close.
  socket_.close(ignored);
  while (first_) {
    auto exchange = take_first();
    if (!exchange->answered() && !shard_.abandon(*exchange, departure::gone))
      shard_.adopt_orphan(std::move(exchange));
  }
  held_.reset();
  out_ = std::string();
  out_offset_ = 0;
  account();
  shard_.remove(*this);
}

} // namespace orderhub::http_gateway::detail
