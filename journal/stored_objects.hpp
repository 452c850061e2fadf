#pragma once
#include "journal/base/result.hpp"
#include "journal/damage.hpp"
#include "journal/object_state.hpp"
#include "journal/overlay.hpp"
#include "journal/record.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Objects as their rows and the records above them say.
namespace orderhub::journal {

/// The object of a row of `ob`. Fails with `unreadable` where the row is damaged or another
/// object's; with `damaged` where a newer program wrote it, which is not to be touched.
result<object_state> state_in(std::string_view key, std::string_view row);

/// Its row, if there is one.
result<std::optional<object_state>> base_of(const reader& rows, std::string_view key);

object_state blank_state(object_id id);

/// Calls `visit` for every object that has a row and can be read; those that cannot are set aside.
result<void> each_object(const reader& rows, aside_objects& aside,
                         const std::function<void(const object_state&)>& visit);

/// Folds the records from `first` on that the state does not contain yet, calls `each` for it after
/// that, and ends where `enough(how many records are contained)` says so. Returns that number.
/// Fails with `unreadable` where one is damaged, or with what `each` fails with.
template <class Each, class Enough>
result<std::size_t> fold_some(object_state& state, const std::vector<stored_record>& records,
                              std::size_t first, Each&& each, Enough&& enough) {
  auto at = first;
  while (at < records.size() && !enough(at)) {
    const auto& stored = records[at++];
    if (stored.lsn <= state.folded_to)
      continue;
    auto r = decode_record(stored.bytes);
    if (!r)
      return unreadable("log record " + std::to_string(stored.lsn), std::move(r).error());
    if (auto done = apply(state, *r, stored.lsn); !done)
      return unreadable("log record " + std::to_string(stored.lsn), std::move(done).error());
    if (auto done = each(*r); !done)
      return done.failure();
  }
  return at;
}

/// All of them.
inline result<void> fold_records(object_state& state, const std::vector<stored_record>& records) {
  auto folded = fold_some(
      state, records, 0, [](const record&) -> result<void> { return {}; },
      [](std::size_t) { return false; });
  if (!folded)
    return folded.failure();
  return {};
}

} // namespace orderhub::journal
