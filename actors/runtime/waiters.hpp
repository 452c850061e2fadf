#pragma once
#include "actors/runtime/ingress.hpp"
#include "journal/base/ids.hpp"

#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace orderhub::runtime {

/// Who waits for which invocation's end. Thread-safe. Its size is bounded by the gateway's limit on
/// requests in flight.
class waiter_table {
public:
  /// `durable`: the invocation's input is on disk.
  void add(const invocation_id& id, responder_ptr to, bool durable);
  void mark_durable(const invocation_id& id);
  /// Removes and returns all who wait for it.
  std::vector<responder_ptr> take(const invocation_id& id);
  /// False where `to` no longer waits: it is being answered by someone else.
  bool remove(const invocation_id& id, const responder_ptr& to);
  /// Removes and returns all whose invocation is not on disk.
  std::vector<responder_ptr> take_not_durable();
  [[nodiscard]] std::size_t size() const;

private:
  struct waiter {
    responder_ptr to;
    bool durable = false;
  };
  mutable std::mutex mutex_;
  std::unordered_map<invocation_id, std::vector<waiter>> waiters_;
};

} // namespace orderhub::runtime
