// From bytes to requests that are handed over.
#include "http_gateway/server/connection.hpp"
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

} // namespace

bool connection::may_parse() const {
  return !last_request_ && !writing_ && !closed_ && !held_ && starved_since_ms_ == 0 &&
         (waiting_.empty() ||
          (waiting_.size() < shard_.loop->counters->places.share(shard_.options.pipeline_max) &&
           ready_size_ + (waiting_.size() + 1) * expected_size_ <= shard_.options.unsent_size_max));
}

void connection::wait_readable() {
  if (reading_ || closed_ || end_of_input_)
    return;
  reading_ = true;
  // A readiness wait instead of a read: an idle connection then owns no buffer.
  socket_.async_wait(socket_type::wait_read, [self = shared_from_this()](const error_code& ec) {
    auto& owner = self->shard_;
    if (!ec && self->is_quiet())
      return owner.read_later(self);
    self->on_readable(ec);
    owner.finish_turn();
  });
}

bool connection::is_quiet() const {
  return waiting_.empty() && !current_ && !held_ && pending_.empty() && !lingering_ &&
         (!has_answered_ || steady_ms() - idle_since_ms_ >= shard_.options.quiet_after_ms);
}

void connection::on_readable(const error_code& wait_error) {
  reading_ = false;
  if (closed_)
    return;
  if (wait_error)
    return close();
  auto& scratch = shard_.scratch;
  const bool discards = lingering_ || streams_; // Then it is read only to see its end.
  const auto kept = discards ? 0 : pending_.size();
  if (kept >= scratch.size())
    return close(); // Cannot happen: parsing stops long before.
  std::copy_n(pending_.data(), kept, scratch.data());
  error_code ec;
  // A paused pipeline keeps what was read of it, so that is little; bodies that have room and what
  // is discarded are read in larger pieces.
  const bool has_room = current_ && current_->received_.load(std::memory_order_relaxed) != 0;
  const auto wanted = discards ? scratch.size() : read_size + (has_room ? parser_->body_left() : 0);
  const auto room = std::min<std::uint64_t>(scratch.size() - kept, wanted);
  const auto size =
      socket_.read_some(asio::buffer(scratch.data() + kept, static_cast<std::size_t>(room)), ec);
  if (ec == asio::error::would_block || ec == asio::error::try_again)
    return wait_readable();
  if (ec == asio::error::eof)
    return on_end_of_input();
  if (ec)
    return close();
  if (discards) {
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

void connection::on_bytes(const char* data, std::size_t size) {
  if (!refused_)
    return parse(data, size);
  if (!last_request_)
    end_with(shard_.refusal());
}

bool connection::go_on() {
  if (!take_room())
    return false;
  // The time that it waited is not its sender's.
  read_began_ms_ += steady_ms() - std::exchange(starved_since_ms_, 0);
  if (parser_->is_done())
    dispatch();
  else
    ask_for_body();
  resume();
  return true;
}

void connection::ask_for_body() {
  if (!parser_->take_expectation())
    return;
  owes_continue_ = current_->request.body.empty();
  shard_.touch(*this);
}

void connection::resume() {
  if (held_ && may_hand_over(*held_))
    hand_over(std::move(held_));
  else if (held_)
    shard_.wait_to_read(*this);
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
      starved_since_ms_ = steady_ms();
      shard_.wait_for_room(*this);
      break;
    }
    if (!parser_->is_done())
      break;
    dispatch();
  }
  pending_.assign(data, size);
  if (pending_.empty() && pending_.capacity() > 512)
    pending_.shrink_to_fit();
  if (current_ && starved_since_ms_ == 0)
    ask_for_body();
  if (may_parse())
    wait_readable();
}

void connection::begin_request() {
  current_ = shard_.handler.make_exchange();
  current_->loop_ = shard_.loop;
  parser_.emplace(current_->request, shard_.options);
  read_began_ms_ = steady_ms();
}

std::size_t connection::wanted_room() const {
  if (!parser_->is_header_done())
    return 0;
  const auto& body = current_->request.body;
  const auto had = current_->received_.load(std::memory_order_relaxed);
  // All of an announced length at once: whoever has begun can finish.
  if (const auto announced = parser_->announced_size())
    return *announced > small_body_size && had == 0 ? static_cast<std::size_t>(*announced) : 0;
  return body.size() > std::max(small_body_size, had) ? std::max(body_piece_size, 2 * body.size())
                                                      : 0;
}

bool connection::has_room() {
  // Who waits already comes first.
  return wanted_room() == 0 || (!shard_.anybody_waits_for_room() && take_room());
}

bool connection::take_room() {
  const auto wanted = wanted_room();
  const auto had = current_->received_.load(std::memory_order_relaxed);
  if (!shard_.loop->counters->receiving.try_take(wanted - had))
    return false;
  current_->received_.store(wanted, std::memory_order_relaxed);
  if (parser_->announced_size())
    current_->request.body.reserve(wanted);
  return true;
}

void connection::forget_request() {
  current_.reset();
  parser_.reset();
  read_began_ms_ = 0;
  starved_since_ms_ = 0;
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
  else {
    held_ = std::move(exchange);
    held_->began_ms_ = steady_ms();
    shard_.wait_to_read(*this);
  }
}

/// An answer to a read can be large, and takes long to make then: until the size of one is known,
/// a connection has one at a time, and all together have few where those of late were large.
bool connection::may_hand_over(const http_exchange& exchange) const {
  return exchange.class_ != request_class::read ||
         ((waiting_.empty() || knows_size_) && shard_.has_room_to_read());
}

void connection::hand_over(http_exchange_ptr exchange) {
  if (auto refusal = shard_.admit(*exchange, !waiting_.empty()))
    return answer_at_once(std::move(exchange), std::move(*refusal));
  queue(exchange);
  shard_.handler.handle(std::move(exchange));
}

void connection::answer_at_once(http_exchange_ptr exchange, http_response response) {
  exchange->response_ = std::move(response);
  exchange->answered_.store(true, std::memory_order_relaxed);
  exchange->release_body();
  exchange->ready_ = true;
  queue(std::move(exchange));
}

void connection::refuse(std::uint16_t status, std::string_view message) {
  count(shard_.loop->counters->malformed);
  end_with(shard_.handler.refusal(status, message, 0, current_ ? &current_->request : nullptr));
}

void connection::refuse_for_now(std::string_view message) {
  count(shard_.loop->counters->overloaded);
  end_with(shard_.handler.refusal(503, message, 1, current_ ? &current_->request : nullptr));
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

} // namespace orderhub::http_gateway::detail
