#pragma once
#include <atomic>
#include <memory>

namespace orderhub::handlers {

/// A setting that may change while the hub runs: whoever has a copy of it sees that. Thread-safe,
/// but for assignment.
template <class T>
class live_setting {
public:
  live_setting(T value = {}) : value_(std::make_shared<std::atomic<T>>(value)) {}

  operator T() const { return value_->load(std::memory_order_relaxed); }
  /// This one is a setting of its own then; copies that were made of it keep theirs.
  live_setting& operator=(T value) {
    value_ = std::make_shared<std::atomic<T>>(value);
    return *this;
  }
  /// For all copies.
  void change(T value) const { value_->store(value, std::memory_order_relaxed); }

private:
  std::shared_ptr<std::atomic<T>> value_;
};

} // namespace orderhub::handlers
