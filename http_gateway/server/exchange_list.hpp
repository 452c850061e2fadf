#pragma once
#include "http_gateway/server/exchange.hpp"

#include <cstddef>
#include <utility>

namespace orderhub::http_gateway::detail {

/// The unanswered requests of one connection, oldest first; linked through the exchanges. Owns what
/// it holds. Internal to the server.
class exchange_list {
public:
  [[nodiscard]] bool empty() const { return !first_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The oldest, or null.
  [[nodiscard]] http_exchange* front() const { return first_.get(); }

  void push(http_exchange_ptr exchange) {
    auto* raw = exchange.get();
    (last_ ? last_->next_ : first_) = std::move(exchange);
    last_ = raw;
    ++size_;
  }
  /// Removes the oldest of at least one.
  http_exchange_ptr pop() {
    auto exchange = std::move(first_);
    first_ = std::move(exchange->next_);
    if (!first_)
      last_ = nullptr;
    --size_;
    return exchange;
  }
  /// `f(http_exchange&)`, oldest first; the list does not change meanwhile.
  template <class F>
  void for_each(F f) const {
    for (auto* exchange = first_.get(); exchange; exchange = exchange->next_.get())
      f(*exchange);
  }

private:
  http_exchange_ptr first_;
  http_exchange* last_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace orderhub::http_gateway::detail
