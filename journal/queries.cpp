#include "journal/queries.hpp"

#include "journal/open_work.hpp"
#include "journal/record.hpp"
#include "journal/stored_objects.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace orderhub::journal {

// Where a slice after the overlay was read deleted the row because the object had become blank,
// folding the same records again from nothing ends blank too: every value they set is cleared by
// them, every invocation that they begin is ended by them, and what speaks of an unknown invocation
// changes nothing.
result<object_state> queries::fold(const object_id& id, const overlay_view& records,
                                   const reader& rows) const {
  const auto key = object_key(id);
  if (auto may = aside_.refusal(key); !may)
    return may.failure();
  auto read = [&]() -> result<object_state> {
    auto base = base_of(rows, key);
    if (!base)
      return base.failure();
    object_state state = *base ? std::move(**base) : blank_state(id);
    if (auto done = fold_records(state, records.records); !done)
      return done.failure();
    return state;
  };
  auto state = read();
  if (!state && concerns_one_object(state.error()))
    aside_.add(key, state.error());
  return state;
}

result<object_state> queries::load(const object_id& id) const {
  const auto overlay = recent_.view_of(object_key(id));
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto state = fold(id, overlay, **rows);
  if (state) {
    state->finished.clear(); // `find_invocation` has them, wherever the last checkpoint was.
    state->past = {};
  }
  return state;
}

result<bool> queries::knows_invocation(const invocation_id& id) const {
  if (recent_.knows(id))
    return true;
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto row = (*rows)->get(table::iv, invocation_key(id));
  if (!row)
    return row.failure();
  return row->has_value();
}

result<std::optional<invocation_row>> queries::find_invocation(const invocation_id& id) const {
  using found = std::optional<invocation_row>;
  const auto key = invocation_key(id);
  auto row_of = [&](const reader& rows) -> result<found> {
    auto row = rows.get(table::iv, key);
    if (!row)
      return row.failure();
    if (!*row)
      return found{};
    auto decoded = decode_invocation_row(**row);
    if (!decoded)
      return damaged("the row of invocation " + id.text(), std::move(decoded).error());
    return found(std::move(*decoded));
  };

  auto object = recent_.object_of(id);
  if (!object) {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    auto row = row_of(**rows);
    if (!row || !*row || (*row)->invocation.finished)
      return row;
    object = (*row)->object;
  }

  // Not finished in the tables: its journal is the object's. Overlay first, then one snapshot for
  // both rows, so that it is in one of the two however the slices fall.
  const auto overlay = recent_.view_of(object_key(*object));
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto state = fold(*object, overlay, **rows);
  if (!state)
    return state.failure();
  for (auto* list : {&state->live, &state->finished})
    for (auto& i : *list)
      if (i.id == id)
        return found(invocation_row{*object, std::move(i)});
  return row_of(**rows);
}

result<std::optional<request_row>> queries::find_request(const digest& scope) const {
  if (auto seen = recent_.request(scope))
    return seen;
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto row = (*rows)->get(table::dd, request_row_key(scope));
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<request_row>{};
  auto decoded = decode_request_row(**row);
  if (!decoded)
    return damaged("a request key's row", std::move(decoded).error());
  return std::optional(*decoded);
}

result<std::vector<object_id>> queries::resumable() const {
  const auto recent = recent_.not_folded();
  std::vector<object_id> out;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    bool whole = true;
    auto scanned =
        (*rows)->scan(table::ix, std::string(1, index_prefix::active), [&](auto key, auto value) {
          if (key.empty() || key.front() != index_prefix::active)
            return false;
          auto id = decode_object_ref(value);
          if (!id) {
            damage_.note(table::ix, key, id.error());
            whole = false;
            return false;
          }
          const auto object = object_key(*id);
          if (!recent.contains(object) && !aside_.contains(object))
            out.push_back(std::move(*id));
          return true;
        });
    if (!scanned)
      return scanned.failure();
    if (!whole) {
      // The objects themselves know.
      out.clear();
      auto done = each_object(**rows, aside_, [&](const object_state& state) {
        if (needs_resume(state) && !recent.contains(object_key(state.id)))
          out.push_back(state.id);
      });
      if (!done)
        return done.failure();
    }
  }
  for (const auto& key : recent) {
    auto id = parse_object_key(key);
    auto state = load(*id);
    if (!state && concerns_one_object(state.error()))
      continue;
    if (!state)
      return state.failure();
    if (needs_resume(*state))
      out.push_back(std::move(*id));
  }
  return out;
}

result<std::vector<std::string>> queries::keys_of(std::string_view service, std::string_view prefix,
                                                  std::string_view after, std::size_t limit) const {
  const auto first = object_key({std::string(service), std::string(prefix)});
  const auto begin = std::max(first, object_key({std::string(service), std::string(after)}));
  const auto behind = first.size() - prefix.size(); // Where the key stands in the row's.
  const auto is_meant = [&](std::string_view key) {
    return key.starts_with(first) && key.substr(behind) > after;
  };
  std::set<std::string, std::less<>> found;
  for (const auto& key : recent_.not_folded())
    if (is_meant(key))
      found.emplace(key.substr(behind));
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  std::size_t in_rows = 0;
  auto scanned = (*rows)->scan(table::ob, begin, [&](auto key, auto) {
    if (!key.starts_with(first))
      return false;
    if (is_meant(key)) {
      found.emplace(key.substr(behind));
      ++in_rows;
    }
    return in_rows < limit;
  });
  if (!scanned)
    return scanned.failure();
  std::vector<std::string> keys(found.begin(), found.end());
  if (keys.size() > limit)
    keys.resize(limit);
  return keys;
}

result<std::vector<recorded_action>> queries::actions(const action_search& search) const {
  const action_place behind{search.behind_time, search.behind_lsn};
  const auto is_meant = [&](const action_place& at) {
    return (search.behind_time == 0 || at < behind) && at.time >= search.since;
  };
  std::map<action_place, recorded_action, std::greater<>> found; // Newest first.
  const auto add = [&](log_sequence lsn, std::string_view bytes) {
    auto r = decode_record(bytes);
    auto action = r ? decode_operator(r->payload) : result<operator_payload>(r.failure());
    if (!action || !is_meant({r->time, lsn}))
      return;
    found.insert_or_assign(
        {r->time, lsn},
        recorded_action{lsn, std::move(r->object), {r->time, r->invocation, std::move(*action)}});
  };
  constexpr std::size_t unfolded_max = 100'000;
  for (const auto& [lsn, bytes] : recent_.actions(unfolded_max))
    add(lsn, bytes);
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  const auto from = search.behind_time > 0 ? action_key(behind.time, behind.lsn)
                                           : std::string(1, index_prefix::action);
  std::size_t in_rows = 0;
  auto scanned = (*rows)->scan(table::ix, from, [&](auto key, auto value) {
    if (key.empty() || key.front() != index_prefix::action || in_rows >= search.limit)
      return false;
    const auto place = parse_action_key(key);
    if (place && place->time < search.since)
      return false;
    if (place && is_meant(*place)) {
      ++in_rows;
      add(place->lsn, value); // One that is damaged is left out: `verify` names it.
    }
    return true;
  });
  if (!scanned)
    return scanned.failure();
  std::vector<recorded_action> out;
  for (auto& [place, action] : found) {
    if (out.size() == search.limit)
      break;
    out.push_back(std::move(action));
  }
  return out;
}

} // namespace orderhub::journal
