#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace orderhub::http_gateway {

/// A thread that does one thing after the other: what people do may wait for the disk, and holds up
/// no page meanwhile.
class action_lane {
public:
  static constexpr std::size_t waiting_max = 64;
  action_lane();
  /// As `stop`.
  ~action_lane();
  action_lane(const action_lane&) = delete;
  action_lane& operator=(const action_lane&) = delete;

  /// False: too many wait, or it has stopped.
  bool add(std::function<void()> work);
  /// What is being done sees `stopping`, and is waited for; what waits is dropped.
  void stop();
  [[nodiscard]] const std::atomic<bool>& stopping() const { return stopping_; }

private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

} // namespace orderhub::http_gateway
