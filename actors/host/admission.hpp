#pragma once
#include <atomic>
#include <mutex>
#include <string>
#include <utility>

namespace orderhub::host {

/// Whether the hub takes new work. What it says follows from two facts that are set by different
/// threads, a journal that takes no writes and a drain that has begun, so that neither can undo the
/// other. Thread-safe.
class admission {
public:
  [[nodiscard]] bool accepting() const { return !stalled_ && !draining_; }
  [[nodiscard]] bool stalled() const { return stalled_; }
  [[nodiscard]] bool draining() const { return draining_; }

  /// For good.
  void begin_drain() { draining_ = true; }
  void set_stall(bool stalled, std::string reason) {
    const std::lock_guard lock(mutex_);
    reason_ = std::move(reason);
    stalled_ = stalled;
  }
  [[nodiscard]] std::string why_stalled() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

private:
  std::atomic<bool> stalled_{false};
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  std::string reason_;
};

} // namespace orderhub::host
