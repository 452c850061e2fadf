#include "http_gateway/webhooks/delivery_answer.hpp"

#include <utility>

namespace orderhub::http_gateway {

delivery_answer::delivery_answer(http_exchange_ptr exchange, std::string vendor, std::size_t events,
                                 http_response when_durable, webhook_metrics& metrics,
                                 moment came_at)
    : exchange_(std::move(exchange)), vendor_(std::move(vendor)),
      when_durable_(std::move(when_durable)), metrics_(metrics), came_at_(came_at), left_(events) {
  if (events == 0)
    answer();
}

void delivery_answer::finished(host::call_response reply) {
  if (reply.status >= 400) {
    const std::lock_guard lock(mutex_);
    if (!failed_)
      failed_ = std::make_unique<host::call_response>(std::move(reply));
  } else if (reply.body.find("PreviouslyAccepted") != std::string::npos) {
    known_.fetch_add(1, std::memory_order_relaxed);
  } else {
    fresh_.fetch_add(1, std::memory_order_relaxed);
  }
  if (left_.fetch_sub(1) == 1)
    answer();
}

void delivery_answer::answer() {
  metrics_.taken(vendor_, fresh_.load(), known_.load());
  std::unique_ptr<host::call_response> failed;
  {
    const std::lock_guard lock(mutex_);
    failed = std::move(failed_);
  }
  metrics_.answered(vendor_, std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::steady_clock::now() - came_at_)
                                 .count());
  if (!failed) {
    exchange_->answer(std::move(when_durable_));
    return;
  }
  http_response r;
  r.status = failed->status;
  r.body = std::move(failed->body);
  if (failed->retry_after_s > 0)
    r.add_header("retry-after", std::to_string(failed->retry_after_s));
  exchange_->answer(std::move(r));
}

} // namespace orderhub::http_gateway
