#include "http_gateway/admin/action_lane.hpp"

#include "journal/base/thread_name.hpp"

#include <utility>

namespace orderhub::http_gateway {

action_lane::action_lane() : thread_([this] { run(); }) {}

action_lane::~action_lane() {
  stop();
}

void action_lane::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

bool action_lane::add(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max)
      return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
  return true;
}

void action_lane::run() {
  name_this_thread("operator-acts");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_)
      return;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

} // namespace orderhub::http_gateway
