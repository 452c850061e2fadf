#pragma once
#include "journal/base/result.hpp"
#include "journal/damage.hpp"
#include "journal/object_state.hpp"
#include "journal/overlay.hpp"
#include "journal/record.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

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

/// Folds every record that the state does not contain yet, and calls `each` for it after that.
/// Fails with `unreadable` where one is damaged, or with what `each` fails with.
template <class Each>
result<void> fold_records(object_state& state, const std::vector<stored_record>& records,
                          Each&& each) {
  for (const auto& stored : records) {
    if (stored.lsn <= state.folded_to)
      continue;
    auto r = decode_record(stored.bytes);
    if (!r)
      return unreadable("log record " + std::to_string(stored.lsn), std::move(r).error());
    if (auto done = apply(state, *r, stored.lsn); !done)
      return unreadable("log record " + std::to_string(stored.lsn), std::move(done).error());
    if (auto done = each(*r); !done)
      return done;
  }
  return {};
}

} // namespace orderhub::journal
