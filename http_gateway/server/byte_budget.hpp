#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace orderhub::http_gateway {

/// How many bytes all connections together may hold of one kind. Thread-safe, without locks.
class byte_budget {
public:
  explicit byte_budget(std::size_t max) : max_(max) {}

  /// False, and nothing is taken, where that is more than there is.
  bool try_take(std::size_t size) {
    if (used_.fetch_add(size, std::memory_order_relaxed) + size <= max_)
      return true;
    give_back(size);
    return false;
  }
  /// Takes what exists already, however much that is.
  void take(std::size_t size) { used_.fetch_add(size, std::memory_order_relaxed); }
  void give_back(std::size_t size) { used_.fetch_sub(size, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool has_room_for(std::size_t size) const { return used() + size <= max_; }
  /// Three quarters are taken: whoever is slow with its bytes makes room for others.
  [[nodiscard]] bool is_short() const { return used() >= max_ - max_ / 4; }

private:
  const std::size_t max_;
  std::atomic<std::size_t> used_{0};
};

/// Whether somebody who began at `began_ms` and has moved `size` bytes since is slower than others
/// can be expected to wait for where bytes are short: 64 KiB a second, after `grace_ms`.
constexpr bool is_too_slow(std::int64_t began_ms, std::size_t size, std::int64_t now_ms,
                           std::int64_t grace_ms) {
  return now_ms - began_ms > grace_ms + static_cast<std::int64_t>(size / 64);
}

} // namespace orderhub::http_gateway
