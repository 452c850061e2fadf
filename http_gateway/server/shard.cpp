#include "http_gateway/server/shard.hpp"

#include "http_gateway/server/stream_body.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

namespace orderhub::http_gateway::detail {
namespace {

constexpr std::size_t scratch_size = 64 * 1024;
/// What the kernel takes of an answer beyond what is on its way; without it up to 4 MiB a
/// connection, which no budget of ours would see.
constexpr int kernel_unsent_max = 128 * 1024;
using notsent_lowat = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
/// Reads that are handed over however large their answers are.
constexpr std::size_t reads_min = 2;
/// A smaller answer than this makes no difference to how many there may be.
constexpr std::size_t small_read_size = 16 * 1024;
/// A read's answer beyond this is not kept where unsent answers have no room.
constexpr std::size_t large_answer_size = 16 * 1024;
constexpr auto too_much_unsent = "Too many answers wait to be taken; try again shortly.";
/// The shard whose io thread this is.
thread_local shard* current_shard = nullptr;

} // namespace

shard::shard(const server_options& o, request_handler& h, std::shared_ptr<server_counters> counters)
    : options(o), handler(h), loop(std::make_shared<io_loop>(std::move(counters))),
      scratch(scratch_size, '\0'), later_timer_(loop->context), sweep_timer_(loop->context) {
  loop->owner = this;
}

void shard::run() {
  current_shard = this;
  schedule_sweep();
  loop->context.run();
  current_shard = nullptr;
}

void shard::adopt(socket_type socket, bool refused) {
  error_code ignored; // A peer that has gone already is seen at the first read.
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(notsent_lowat(kernel_unsent_max), ignored);
  auto c = std::make_shared<connection>(*this, std::move(socket), refused);
  c->index = connections_.size();
  connections_.push_back(c);
  if (refused)
    ++refused_now_;
  c->start();
  finish_turn();
}

http_response shard::refusal() {
  auto r = handler.refusal(503, "Too many connections are open; try again shortly.", 1, nullptr);
  r.close = true;
  return r;
}

void shard::turn_away(socket_type socket) {
  response_framing framing;
  framing.close = true;
  output.clear();
  append_response(output, refusal(), framing, date.now());
  loop->counters->answered(0, 503, 0);
  error_code ignored; // Who has gone already needs no word.
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(output), ignored);
  socket.shutdown(socket_type::shutdown_send, ignored);
  // What came already would turn the close into a reset.
  socket.read_some(asio::buffer(scratch), ignored);
  socket.close(ignored);
}

void shard::remove(connection& c) {
  auto keep = connections_[c.index];
  connections_[c.index] = connections_.back();
  connections_[c.index]->index = c.index;
  connections_.pop_back();
  if (c.refused())
    --refused_now_;
  else
    loop->counters->connections_now.fetch_sub(1, std::memory_order_relaxed);
  // Held until the turn ends: the caller may stand inside one of its functions.
  removed_.push_back(std::move(keep));
}

void shard::touch(connection& c) {
  if (c.touched)
    return;
  c.touched = true;
  touched_.push_back(c.shared_from_this());
}

void shard::read_later(std::shared_ptr<connection> c) {
  const bool scheduled = !quiet_.empty();
  quiet_.push_back(std::move(c));
  if (!scheduled)
    asio::post(loop->context, [this] { read_some_quiet(); });
}

/// What else is ready is found between two calls of this.
void shard::read_some_quiet() {
  for (std::size_t n = 0; n < options.quiet_reads_max && !quiet_.empty(); ++n) {
    const auto c = std::move(quiet_.front());
    quiet_.pop_front();
    c->read_now();
  }
  finish_turn();
  if (!quiet_.empty())
    asio::post(loop->context, [this] { read_some_quiet(); });
}

void shard::finish_turn() {
  while (!local_answers_.empty() || !touched_.empty() || wake_starved()) {
    const auto answers = std::exchange(local_answers_, {});
    for (const auto& exchange : answers)
      deliver(*exchange);
    const auto connections = std::exchange(touched_, {});
    for (const auto& c : connections) {
      c->touched = false;
      c->flush();
    }
  }
  removed_.clear();
  if (!dropped_.empty())
    handler.dropped(std::exchange(dropped_, {}));
}

std::optional<http_response> shard::admit(http_exchange& exchange, bool is_extra) {
  auto& counters = *loop->counters;
  count(counters.requests);
  if (draining_)
    return handler.request_handler::stopping(exchange);
  if (exchange.class_ == request_class::read && !counters.sending.has_room_for(1)) {
    count(counters.overloaded);
    return handler.refusal(503, too_much_unsent, 1, &exchange.request);
  }
  const place wanted{exchange.class_, is_extra};
  if (!counters.places.take(wanted)) {
    count(counters.overloaded);
    return handler.refusal(503, "Too many requests are in flight; try again shortly.", 1,
                           &exchange.request);
  }
  exchange.place_.store(wanted, std::memory_order_relaxed);
  exchange.began_us_ = steady_us();
  exchange.began_ms_ = exchange.began_us_ / 1'000;
  exchange.due_ms_ = exchange.began_ms_ + options.request_timeout_ms;
  return std::nullopt;
}

std::size_t shard::reads_max() const {
  return std::max(reads_min,
                  options.reading_size_max / std::max(expected_read_size_, small_read_size));
}

bool shard::has_room_to_read() const {
  return loop->counters->places.now(request_class::read) < reads_max();
}

void shard::wait_to_read(connection& c) {
  if (std::exchange(c.waits_to_read, true))
    return;
  readers_.push_back(c.shared_from_this());
}

void shard::wake_readers() {
  const auto under_way = loop->counters->places.now(request_class::read);
  for (auto room = reads_max(); room > under_way && !readers_.empty();) {
    const auto c = std::move(readers_.front());
    readers_.pop_front();
    c->waits_to_read = false;
    if (!c->is_held())
      continue;
    touch(*c);
    --room;
  }
}

bool shard::wake_starved() {
  bool any = false;
  while (!starved_.empty()) {
    const auto c = starved_.front();
    if (c->is_starved()) {
      if (!c->go_on())
        break;
      any = true;
    }
    starved_.pop_front();
  }
  return any;
}

void shard::deliver(http_exchange& exchange) {
  if (exchange.class_ == request_class::read) {
    expected_read_size_ = std::max(exchange.response_.body.size(), expected_read_size_ * 7 / 8);
    wake_readers();
  }
  if (!exchange.connection_) {
    if (exchange.stream_)
      exchange.stream_->leave();
    return;
  }
  auto& r = exchange.response_;
  if (exchange.class_ == request_class::read && r.body.size() > large_answer_size &&
      !loop->counters->sending.has_room_for(r.body.size())) {
    count(loop->counters->overloaded);
    r = handler.refusal(503, too_much_unsent, 1, &exchange.request);
  }
  exchange.connection_->on_ready(exchange);
}

void shard::take_answers() {
  std::vector<http_exchange_ptr> batch;
  {
    const std::lock_guard lock(loop->mutex);
    batch.swap(loop->answered);
  }
  for (const auto& exchange : batch)
    deliver(*exchange);
  finish_turn();
}

void shard::take_streamed() {
  std::vector<http_exchange_ptr> batch;
  {
    const std::lock_guard lock(loop->mutex);
    batch.swap(loop->streamed);
  }
  for (const auto& exchange : batch)
    if (exchange->connection_)
      exchange->connection_->on_streamed(*exchange);
  finish_turn();
}

void shard::answer_later(http_exchange& exchange, std::int64_t delay_ms, http_response response) {
  const auto due = timer_type::clock_type::now() + std::chrono::milliseconds(delay_ms);
  const auto at = later_.emplace(due, later{exchange.shared_from_this(), std::move(response)});
  if (at == later_.begin())
    schedule_later();
}

void shard::schedule_later() {
  later_timer_.expires_at(later_.begin()->first);
  later_timer_.async_wait([this](const error_code& ec) {
    if (ec) // An earlier one has come, or the end.
      return;
    const auto now = timer_type::clock_type::now();
    while (!later_.empty() && later_.begin()->first <= now) {
      auto due = later_.extract(later_.begin());
      due.mapped().exchange->answer(std::move(due.mapped().response));
    }
    if (!later_.empty())
      schedule_later();
    finish_turn();
  });
}

bool shard::time_out(http_exchange& exchange) {
  if (!end(exchange))
    return false;
  count(loop->counters->timed_out);
  exchange.response_ = handler.timed_out(exchange);
  return true;
}

bool shard::is_overdue(http_exchange& exchange, std::int64_t now) {
  if (exchange.due_ms_ == 0) // Was never handed to the handler.
    return false;
  return now >= exchange.due_ms_ ||
         (now - exchange.began_ms_ >= options.slow_after_ms && !count_as_wait(exchange));
}

bool shard::abandon(http_exchange& exchange, departure how) {
  if (!handler.abandoned(exchange, how) || !end(exchange))
    return false;
  dropped_.push_back(exchange.shared_from_this());
  return true;
}

bool shard::end(http_exchange& exchange) {
  if (exchange.answered_.exchange(true, std::memory_order_acq_rel))
    return false;
  release(exchange);
  return true;
}

void shard::release(http_exchange& exchange) {
  exchange.release_body();
  exchange.loop_->counters->places.give_back(exchange.place_.exchange(place{}));
}

bool shard::count_as_wait(http_exchange& exchange) {
  auto had = exchange.place_.load();
  if (had.of == request_class::wait || had.of == request_class::always)
    return true;
  const place wait{request_class::wait, had.is_extra};
  auto& places = loop->counters->places;
  if (!places.take(wait))
    return false;
  // Whoever answers it meanwhile has given its place back, and not this one.
  const bool moved = exchange.place_.compare_exchange_strong(had, wait);
  places.give_back(moved ? had : wait);
  return true;
}

bool shard::deliver_here(http_exchange& exchange) {
  if (!current_shard || current_shard->loop != exchange.loop_)
    return false;
  current_shard->local_answers_.push_back(exchange.shared_from_this());
  return true;
}

void shard::schedule_sweep() {
  sweep_timer_.expires_after(std::chrono::milliseconds(options.sweep_interval_ms));
  sweep_timer_.async_wait([this](const error_code& ec) {
    if (ec)
      return;
    sweep();
    schedule_sweep();
  });
}

void shard::sweep() {
  notice_departures();
  wake_readers(); // Reads that ended without an answer made room as well.
  const auto now = steady_ms();
  const auto all = connections_; // Closing one changes the list.
  for (const auto& c : all)
    c->sweep(now);
  std::erase_if(orphans_, [&](const http_exchange_ptr& exchange) {
    if (exchange->answered() || abandon(*exchange, departure::gone))
      return true;
    if (!is_overdue(*exchange, now))
      return false;
    time_out(*exchange);
    return true;
  });
  finish_turn();
}

/// A connection that is not read, because its pipeline is full or its answers are not taken, hears
/// nothing of its caller's end: what lies before it is unread. The kernel tells by POLLRDHUP, and
/// one call asks for all of them.
void shard::notice_departures() {
  std::vector<std::shared_ptr<connection>> unwatched;
  std::vector<pollfd> questions;
  for (const auto& c : connections_)
    if (c->is_unwatched()) {
      unwatched.push_back(c);
      questions.push_back({c->native_handle(), POLLRDHUP, 0});
    }
  if (questions.empty() || ::poll(questions.data(), questions.size(), 0) <= 0)
    return;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if ((questions[i].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
      unwatched[i]->close();
    else if ((questions[i].revents & POLLRDHUP) != 0)
      unwatched[i]->on_half_close();
  }
}

void shard::drain() {
  draining_ = true;
  const auto all = connections_;
  for (const auto& c : all)
    c->drain();
  finish_turn();
}

void shard::answer_all() {
  const auto all = connections_;
  for (const auto& c : all)
    c->reject_pending();
  finish_turn();
}

void shard::close_all() {
  const auto all = connections_;
  for (const auto& c : all)
    c->close();
  finish_turn();
  orphans_.clear();
  later_.clear();
  readers_.clear();
  starved_.clear();
}

std::size_t shard::unsettled() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& c) { return !c->settled(); }));
}

} // namespace orderhub::http_gateway::detail
