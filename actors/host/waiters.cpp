#include "actors/host/waiters.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace orderhub::host {

void waiter_table::add(const invocation_id& id, responder_ptr to, bool durable) {
  std::lock_guard lock(mutex_);
  waiters_[id].push_back({std::move(to), durable, std::nullopt});
}

void waiter_table::add_for_acceptance(const invocation_id& id, responder_ptr to,
                                      call_response reply) {
  std::lock_guard lock(mutex_);
  waiters_[id].push_back({std::move(to), false, std::move(reply)});
}

std::vector<std::pair<responder_ptr, call_response>>
waiter_table::mark_durable(const invocation_id& id) {
  std::vector<std::pair<responder_ptr, call_response>> accepted;
  std::lock_guard lock(mutex_);
  auto it = waiters_.find(id);
  if (it == waiters_.end())
    return accepted;
  std::erase_if(it->second, [&](waiter& w) {
    w.durable = true;
    if (w.acceptance)
      accepted.emplace_back(std::move(w.to), std::move(*w.acceptance));
    return w.acceptance.has_value();
  });
  if (it->second.empty())
    waiters_.erase(it);
  return accepted;
}

std::vector<responder_ptr> waiter_table::take(const invocation_id& id) {
  std::vector<responder_ptr> out;
  std::lock_guard lock(mutex_);
  if (auto it = waiters_.find(id); it != waiters_.end()) {
    for (auto& w : it->second)
      out.push_back(std::move(w.to));
    waiters_.erase(it);
  }
  return out;
}

bool waiter_table::remove(const invocation_id& id, const responder_ptr& to) {
  std::lock_guard lock(mutex_);
  auto it = waiters_.find(id);
  if (it == waiters_.end())
    return false;
  const auto removed = std::erase_if(it->second, [&](const waiter& w) { return w.to == to; });
  if (it->second.empty())
    waiters_.erase(it);
  return removed > 0;
}

void waiter_table::drop_gone(const invocation_id& id) {
  std::vector<waiter> dropped; // Destroyed after the lock.
  std::lock_guard lock(mutex_);
  auto it = waiters_.find(id);
  if (it == waiters_.end())
    return;
  auto gone = std::partition(it->second.begin(), it->second.end(),
                             [](const waiter& w) { return !w.to->gone(); });
  dropped.assign(std::make_move_iterator(gone), std::make_move_iterator(it->second.end()));
  it->second.erase(gone, it->second.end());
  if (it->second.empty())
    waiters_.erase(it);
}

void waiter_table::take_not_durable(std::vector<waiter>& from, std::vector<responder_ptr>& to) {
  std::erase_if(from, [&](waiter& w) {
    if (!w.durable)
      to.push_back(std::move(w.to));
    return !w.durable;
  });
}

std::vector<responder_ptr> waiter_table::take_not_durable() {
  std::vector<responder_ptr> out;
  std::lock_guard lock(mutex_);
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    take_not_durable(it->second, out);
    it = it->second.empty() ? waiters_.erase(it) : std::next(it);
  }
  return out;
}

std::vector<responder_ptr> waiter_table::take_not_durable(const invocation_id& id) {
  std::vector<responder_ptr> out;
  std::lock_guard lock(mutex_);
  if (auto it = waiters_.find(id); it != waiters_.end()) {
    take_not_durable(it->second, out);
    if (it->second.empty())
      waiters_.erase(it);
  }
  return out;
}

std::size_t waiter_table::size() const {
  std::lock_guard lock(mutex_);
  return waiters_.size();
}

std::uint64_t response_table::add(responder_ptr to, call_response reply) {
  const std::lock_guard lock(mutex_);
  waiting_.emplace(++next_, waiting{std::move(to), std::move(reply)});
  return next_;
}

std::optional<response_table::waiting> response_table::take(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  auto it = waiting_.find(number);
  if (it == waiting_.end())
    return std::nullopt;
  auto found = std::move(it->second);
  waiting_.erase(it);
  return found;
}

std::vector<responder_ptr> response_table::take_all() {
  std::vector<responder_ptr> out;
  const std::lock_guard lock(mutex_);
  out.reserve(waiting_.size());
  for (auto& [number, w] : waiting_)
    out.push_back(std::move(w.to));
  waiting_.clear();
  return out;
}

std::size_t response_table::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

} // namespace orderhub::host
