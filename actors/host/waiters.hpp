#pragma once
#include "actors/host/ingress.hpp"
#include "journal/base/ids.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orderhub::host {

/// Who waits for which invocation's end. Thread-safe. Its size is bounded by the gateway's limit on
/// requests in flight: callers whose time is over are dropped.
class waiter_table {
public:
  /// `durable`: the invocation's input is on disk.
  void add(const invocation_id& id, responder_ptr to, bool durable);
  /// For a `/send`: wants only to hear that the input is on disk. It is not, or not yet known to
  /// be.
  void add_for_acceptance(const invocation_id& id, responder_ptr to, call_response reply);
  /// The input is on disk. Removes and returns whom that answers.
  std::vector<std::pair<responder_ptr, call_response>> mark_durable(const invocation_id& id);
  /// Removes and returns all who wait for it.
  std::vector<responder_ptr> take(const invocation_id& id);
  /// False where `to` no longer waits: it is being answered by someone else.
  bool remove(const invocation_id& id, const responder_ptr& to);
  /// Removes those who are gone.
  void drop_gone(const invocation_id& id);
  /// Removes and returns all whose invocation is not on disk.
  std::vector<responder_ptr> take_not_durable();
  std::vector<responder_ptr> take_not_durable(const invocation_id& id);
  [[nodiscard]] std::size_t size() const;

private:
  struct waiter {
    responder_ptr to;
    bool durable = false;
    std::optional<call_response> acceptance = std::nullopt; ///< The answer once it is durable.
  };
  static void take_not_durable(std::vector<waiter>& from, std::vector<responder_ptr>& to);

  mutable std::mutex mutex_;
  std::unordered_map<invocation_id, std::vector<waiter>> waiters_;
};

/// Answers that wait until a turn is durable, whoever they are for. Each is taken once: by the
/// turn, or by a journal that takes no writes. Thread-safe; bounded as `waiter_table`.
class response_table {
public:
  struct waiting {
    responder_ptr to;
    call_response reply;
  };
  /// The number to take it by.
  std::uint64_t add(responder_ptr to, call_response reply);
  std::optional<waiting> take(std::uint64_t number);
  /// All of them, to be told something else.
  std::vector<responder_ptr> take_all();
  [[nodiscard]] std::size_t size() const;

private:
  mutable std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::unordered_map<std::uint64_t, waiting> waiting_;
};

} // namespace orderhub::host
