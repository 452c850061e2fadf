#pragma once
#include "journal/base/error.hpp"
#include "journal/base/result.hpp"
#include "journal/overlay.hpp"
#include "journal/slice_budget.hpp"
#include "journal/store.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orderhub::journal {

/// The objects that cannot be read: known from the moment one is met, and moved, row and records,
/// byte for byte, to the table `sa` by the writer's thread. Objects are named by their keys in
/// `ob`; inside by the digests of those, since a mark that is damaged too must let nobody in.
///
/// `contains`, `refusal`, `add` and `size` may be called from any thread; the rest by the writer's.
class aside_objects {
public:
  /// Those that an earlier run has moved; before anybody asks.
  result<void> recover(const reader& rows);

  /// Cheap where there are none.
  [[nodiscard]] bool contains(std::string_view object) const;
  [[nodiscard]] bool contains(const object_id& id) const;
  /// Fails where it is one of them (`concerns_one_object`), and says why.
  [[nodiscard]] result<void> refusal(std::string_view object) const;
  /// From now on it is. Named in an error event where it was not before.
  void add(std::string_view object, const error& why);
  [[nodiscard]] std::size_t size() const;

  /// Some have been added that are not moved yet.
  [[nodiscard]] bool waiting() const { return waiting_; }
  /// Moves the object's row, and these records of it; what was moved before stays. What began with
  /// such a record stays known, so that nobody takes it for something new. Appends the digest to
  /// `moved`, for `note_moved` once the transaction is committed.
  result<void> move(write_transaction& txn, const std::string& object,
                    const std::vector<stored_record>& records, slice_budget& budget,
                    std::vector<std::string>& moved);
  void note_moved(const std::vector<std::string>& moved);
  /// Moves the rows of all that are waiting, in a transaction of its own.
  result<void> move_waiting(store& tables, bool sync, slice_budget budget);

private:
  struct aside {
    std::string key; ///< In `ob`; empty where its mark in `sa` cannot be read.
    std::string reason;
    bool moved = false; ///< Its row is in `sa`.
  };
  [[nodiscard]] std::vector<std::string> not_moved() const;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, aside> objects_; ///< By digest.
  std::atomic<bool> any_{false};                   ///< `objects_` is not empty.
  std::atomic<bool> waiting_{false};
};

} // namespace orderhub::journal
