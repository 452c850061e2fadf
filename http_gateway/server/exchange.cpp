#include "http_gateway/server/exchange.hpp"

#include "http_gateway/server/io_loop.hpp"
#include "http_gateway/server/shard.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include <boost/asio/post.hpp>

namespace orderhub::http_gateway {
namespace {

/// When a caller may find the hub started again.
constexpr std::int64_t shutdown_retry_s = 5;

} // namespace

http_exchange::~http_exchange() {
  release_body();
}

void http_exchange::release_body() {
  if (const auto size = received_.exchange(0, std::memory_order_relaxed); size != 0)
    loop_->counters->receiving.give_back(size);
}

void http_exchange::wait_at_least(std::int64_t ms) {
  due_ms_ = std::max(due_ms_, detail::steady_ms() + ms);
}

void http_exchange::answer_later(std::int64_t delay_ms, http_response response) {
  if (loop_ && loop_->owner)
    loop_->owner->answer_later(*this, delay_ms, std::move(response));
}

bool http_exchange::is_from_loopback() const {
  return connection_ && connection_->is_from_loopback();
}

std::string http_exchange::peer() const {
  return connection_ ? connection_->peer() : std::string();
}

std::optional<local_peer> http_exchange::peer_at_socket() const {
  return connection_ ? connection_->peer_at_socket() : std::nullopt;
}

bool http_exchange::answer(http_response response) {
  if (answered_.exchange(true, std::memory_order_acq_rel))
    return false;
  response_ = std::move(response);
  deliver();
  return true;
}

void http_exchange::deliver() {
  if (!loop_) // Not from a server: a test's.
    return;
  detail::shard::release(*this);
  if (detail::shard::deliver_here(*this))
    return;
  bool first = false;
  {
    const std::lock_guard lock(loop_->mutex);
    if (loop_->closed)
      return;
    first = loop_->answered.empty();
    loop_->answered.push_back(shared_from_this());
  }
  // One wake-up for all the answers that come before the io thread takes them.
  if (first) {
    auto* loop = loop_.get();
    detail::asio::post(loop->context, [loop] {
      if (loop->owner)
        loop->owner->take_answers();
    });
  }
}

bool request_handler::abandoned(http_exchange&, departure) {
  return false;
}

void request_handler::dropped(const std::vector<http_exchange_ptr>&) {}

http_response request_handler::refusal(std::uint16_t status, std::string_view message,
                                       std::int64_t retry_after_s, const http_request*) {
  return problem(status, message, retry_after_s);
}

http_response request_handler::timed_out(http_exchange& exchange) {
  return refusal(504, "The request was not answered in time.", 0, &exchange.request);
}

http_response request_handler::stopping(http_exchange& exchange) {
  return refusal(503, "The hub is shutting down; try again shortly.", shutdown_retry_s,
                 &exchange.request);
}

} // namespace orderhub::http_gateway
