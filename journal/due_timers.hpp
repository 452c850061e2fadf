#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/object_state.hpp"
#include "journal/open_work.hpp"
#include "journal/overlay.hpp"
#include "journal/queries.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace orderhub::journal {

/// Which objects have something to do by themselves, and when: `hub_journal::timers`. A timer's row
/// speaks for an object without newer records. Of the others only those can be due that have such a
/// row, or a record in the overlay that names a time: no other is folded, and what folding showed
/// is kept until the object has a newer record. Any thread.
class due_timers {
public:
  /// None of these is owned; all outlive it.
  due_timers(const store& tables, const overlay& recent, const queries& objects,
             aside_objects& aside, index_damage& damage)
      : tables_(tables), recent_(recent), objects_(objects), aside_(aside), damage_(damage) {}

  /// Due at `until` or before, soonest first, at most `limit`.
  [[nodiscard]] result<std::vector<timer_row>> until(unix_ms until, std::size_t limit) const;
  /// Frees what is kept: a checkpoint has ended, and rows speak for what it folded.
  void forget();

private:
  struct cached_due {
    log_sequence last_lsn = 0; ///< Newest record of the object when it was computed.
    std::optional<recorded_wait> due;
  };
  [[nodiscard]] result<void> from_rows(unix_ms until, std::size_t limit,
                                       overlay::object_keys& newer,
                                       std::vector<timer_row>& out) const;
  [[nodiscard]] result<std::optional<recorded_wait>> due_of(const std::string& key) const;

  const store& tables_;
  const overlay& recent_;
  const queries& objects_;
  aside_objects& aside_;
  index_damage& damage_;
  mutable std::mutex mutex_; ///< Guards the cache.
  mutable std::unordered_map<std::string, cached_due, text_hash, std::equal_to<>> cache_;
};

} // namespace orderhub::journal
