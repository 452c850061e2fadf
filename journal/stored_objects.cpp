#include "journal/stored_objects.hpp"

#include "journal/key.hpp"
#include "journal/object_row.hpp"

namespace orderhub::journal {

result<object_state> state_in(std::string_view key, std::string_view row) {
  auto state = decode_object(row);
  if (state && object_key(state->id) != key)
    state = corrupt_journal("it is that of another object");
  if (state)
    return state;
  const auto what = "the row of object " + name_of_object(key);
  // What a newer program wrote is not damaged, and not to be touched.
  return of_newer_version(row) ? damaged(what, std::move(state).error())
                               : unreadable(what, std::move(state).error());
}

result<std::optional<object_state>> base_of(const reader& rows, std::string_view key) {
  auto row = rows.get(table::ob, key);
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<object_state>{};
  auto state = state_in(key, **row);
  if (!state)
    return state.failure();
  return std::optional(std::move(*state));
}

object_state blank_state(object_id id) {
  object_state state;
  state.id = std::move(id);
  return state;
}

result<void> each_object(const reader& rows, aside_objects& aside,
                         const std::function<void(const object_state&)>& visit) {
  result<void> outcome;
  auto scanned = rows.scan(table::ob, {}, [&](auto key, auto value) {
    if (aside.contains(key))
      return true;
    auto state = state_in(key, value);
    if (state) {
      visit(*state);
    } else if (concerns_one_object(state.error())) {
      aside.add(key, state.error());
    } else {
      outcome = state.failure();
      return false;
    }
    return true;
  });
  return scanned ? outcome : scanned;
}

} // namespace orderhub::journal
