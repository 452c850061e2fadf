#include "http_gateway/webhooks/large_deliveries.hpp"

#include "journal/base/nice_thread.hpp"
#include "journal/base/thread_name.hpp"

#include <utility>

namespace orderhub::http_gateway {

large_deliveries::large_deliveries() : thread_([this] { run(); }) {}

bool large_deliveries::give(work one) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_)
      return false;
    waiting_.push_back(std::move(one));
  }
  given_.notify_one();
  return true;
}

void large_deliveries::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  given_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

void large_deliveries::run() {
  name_this_thread("large-webhooks");
  nice_thread().enter();
  std::unique_lock lock(mutex_);
  for (;;) {
    given_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

} // namespace orderhub::http_gateway
