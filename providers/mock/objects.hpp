#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace orderhub::providers::mock {

/// Numbered objects of one kind, oldest forgotten above a bound. Numbers begin at 1 and are never
/// used again. Addresses stay valid until the object is forgotten.
template <class T>
class objects {
public:
  explicit objects(std::size_t size_max) : size_max_(size_max) {}

  /// Stores and returns the new object's number.
  std::uint64_t add(T value) {
    if (size_max_ != 0 && items_.size() >= size_max_) {
      items_.pop_front();
      ++first_;
    }
    items_.push_back(std::move(value));
    return last();
  }
  [[nodiscard]] T* find(std::uint64_t number) {
    return number >= first_ && number <= last() ? &items_[number - first_] : nullptr;
  }
  /// First and last number still known; `last() < first()` while empty.
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t last() const { return first_ + items_.size() - 1; }

private:
  std::size_t size_max_;
  std::uint64_t first_ = 1;
  std::deque<T> items_;
};

} // namespace orderhub::providers::mock
