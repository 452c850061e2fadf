#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace orderhub::http_gateway {

/// Deliveries that take long to verify and read (a batch of a megabyte: tens of milliseconds) are
/// taken in on a thread of its own, in order, which lets others go first where the machine is busy:
/// no connection waits for them. What waits is bounded by the server's bytes for bodies.
class large_deliveries {
public:
  using work = std::function<void()>; ///< Throws nothing.

  large_deliveries();
  ~large_deliveries() { stop(); }
  large_deliveries(const large_deliveries&) = delete;
  large_deliveries& operator=(const large_deliveries&) = delete;

  /// From any thread. False: it is stopped, and nothing of it is done.
  [[nodiscard]] bool give(work one);
  /// What was given is done when this returns.
  void stop();

private:
  void run();

  std::mutex mutex_; ///< Guards all but the thread.
  std::condition_variable given_;
  std::deque<work> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace orderhub::http_gateway
