#include "journal/listing_index.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/object_row.hpp"
#include "journal/slice_budget.hpp"
#include "journal/stored_objects.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace orderhub::journal {

namespace {

template <class T>
void sort_once(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Whose row of `iv` it is, without reading the rest.
object_id owner_of(std::string_view row) {
  byte_reader r(row);
  r.u8();
  object_id id;
  id.service = std::string(r.str8());
  id.key = std::string(r.str8());
  return r.ok() ? id : object_id();
}

std::string behind(std::string_view key) {
  return std::string(key).append(1, '\0');
}

/// Entries that are read in the time in which a row is listed, about.
constexpr std::size_t entries_for_a_row = 10;

void add_answers(const invocation_state& i, const listing_rules* rules, listing_batch& batch) {
  for (const auto& e : i.entries)
    batch.answers.add(i.id, e.kind, e.payload, e.time, rules);
}

} // namespace

void add_counts(const listing& l, std::int64_t by, listing_batch::count_changes& counts,
                std::map<std::string, listing_batch::count_changes>& wholes) {
  listing_batch::count_changes* of_whole = nullptr;
  for (const auto& m : l.marks) {
    if (!m.of_whole || l.whole.service.empty()) {
      counts[m.name] += by;
      continue;
    }
    if (of_whole == nullptr)
      of_whole = &wholes[object_digest(object_key(l.whole))];
    (*of_whole)[m.name] += by;
  }
  for (const auto& name : l.counts)
    counts[name] += by;
}

listing_rows rows_of(const listing& l, const object_id& id, const listing_secret& secret) {
  const auto digest = object_digest(object_key(id));
  listing_rows rows;
  found_object place{l.created, {}};
  if (l.created > 0)
    rows.emplace(std::pair(table::ls, listing_key({l.created, digest})),
                 encode(listing_row{id, l.row}));
  else
    place.object = id;
  for (const auto& m : l.marks)
    rows.emplace(std::pair(table::ix, mark_key(m.name, m.since, digest)), encode_object_ref(id));
  for (const auto& key : l.keys)
    rows.emplace(std::pair(table::rf, found_by_key(secret, key, digest)), encode(place));
  return rows;
}

std::optional<listing> listing_of(const listing_rules& rules, const object_state& state) {
  const auto* rule = rules.find(state.id.service);
  if (rule == nullptr || state.blank())
    return std::nullopt;
  auto l = (*rule)(state);
  if (!l)
    return l;
  std::erase_if(l->marks,
                [](const auto& m) { return m.name.empty() || m.name.size() > mark_size_max; });
  std::sort(l->marks.begin(), l->marks.end()); // The earliest of a name counts.
  l->marks.erase(std::unique(l->marks.begin(), l->marks.end(),
                             [](const auto& a, const auto& b) { return a.name == b.name; }),
                 l->marks.end());
  std::erase_if(l->counts, [&](const auto& name) {
    return name.empty() || name.size() > mark_size_max ||
           std::any_of(l->marks.begin(), l->marks.end(),
                       [&](const auto& m) { return m.name == name; });
  });
  sort_once(l->counts);
  sort_once(l->keys);
  if (l->keys.size() > listing_keys_max)
    l->keys.resize(listing_keys_max);
  if (l->row.size() > listing_row_max)
    l->row.clear();
  return l;
}

result<std::optional<listing_state>> listing_state_in(const reader& rows) {
  auto row = rows.get(table::mt, meta_key::listing);
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<listing_state>{};
  auto state = decode_listing_state(**row);
  if (!state)
    return damaged("how far the lists are made", std::move(state).error());
  return std::optional(std::move(*state));
}

result<std::optional<double>> share_listed(const reader& rows,
                                           const std::optional<listing_state>& state) {
  if (state && state->step == listing_step::done)
    return std::optional<double>{};
  if (!state || state->step == listing_step::drop) {
    auto objects = rows.count(table::ob);
    if (!objects)
      return objects.failure();
    return *objects == 0 ? std::nullopt : std::optional(0.0);
  }
  const bool is_first = state->step == listing_step::objects;
  auto all = rows.count(is_first ? table::ob : table::iv);
  if (!all)
    return all.failure();
  constexpr double of_objects = 0.8;
  const auto share = std::min(static_cast<double>(state->seen) /
                                  static_cast<double>(std::max<std::uint64_t>(*all, 1)),
                              1.0);
  return std::optional(is_first ? share * of_objects : of_objects + share * (1 - of_objects));
}

// ── While objects are folded ─────────────────────────────────────────────────────────────────

result<void> listing_index::start(random_source& random) {
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto found = listing_state_in(**rows);
  if (!found)
    return found.failure();
  if (auto done = answers_.start(**rows); !done)
    return done;
  const auto form = options_.lists != nullptr ? options_.lists->form : 0;
  if (*found && (*found)->form == form) {
    state_ = std::move(**found);
    return {};
  }
  state_ = {};
  state_.form = form;
  if (*found) {
    state_.secret = (*found)->secret;
    state_.step = listing_step::drop;
    stored_ = false; // What is folded before the first piece makes those lists wrong.
  } else if (form != 0) {
    random.fill(state_.secret);
    auto objects = (*rows)->count(table::ob);
    if (!objects)
      return objects.failure();
    auto invocations = (*rows)->count(table::iv);
    if (!invocations)
      return invocations.failure();
    if (*objects + *invocations > 0)
      state_.step = listing_step::objects;
    stored_ = false;
  }
  return {};
}

std::optional<listing> listing_index::of(std::string_view key, const object_state& state) const {
  if (options_.lists == nullptr || options_.lists->find(state.id.service) == nullptr ||
      !state_.covers(key))
    return std::nullopt;
  return listing_of(*options_.lists, state);
}

void listing_index::change(const object_id& id, const std::optional<listing>& before,
                           const std::optional<listing>& now, listing_batch& batch) const {
  if (before == now)
    return;
  const auto old_rows = before ? rows_of(*before, id, state_.secret) : listing_rows();
  auto new_rows = now ? rows_of(*now, id, state_.secret) : listing_rows();
  for (const auto& [place, value] : old_rows)
    if (!new_rows.contains(place))
      batch.changes.push_back({place.first, place.second, std::nullopt});
  for (auto& [place, value] : new_rows)
    if (const auto old = old_rows.find(place); old == old_rows.end() || old->second != value)
      batch.changes.push_back({place.first, place.second, std::move(value)});
  if (before)
    add_counts(*before, -1, batch.counts, batch.wholes);
  if (now)
    add_counts(*now, 1, batch.counts, batch.wholes);
}

void listing_index::add_invocation(const object_id& object, const invocation_id& id,
                                   listing_batch& batch) const {
  if (options_.lists != nullptr && options_.lists->indexes(object.service))
    batch.changes.push_back(
        {table::ix, object_invocation_key(object_digest(object_key(object)), id), std::string()});
}

void listing_index::drop_invocation(const object_id& object, const invocation_id& id,
                                    listing_batch& batch) const {
  if (options_.lists != nullptr && options_.lists->indexes(object.service))
    batch.changes.push_back(
        {table::ix, object_invocation_key(object_digest(object_key(object)), id), std::nullopt});
}

void listing_index::add_answer(const invocation_id& id, record_kind kind, std::string_view payload,
                               unix_ms at, listing_batch& batch) const {
  // While rows of another form go, what is written goes with them, and is met again after that.
  if (options_.lists != nullptr && state_.step != listing_step::drop)
    batch.answers.add(id, kind, payload, at, options_.lists);
}

result<std::optional<std::uint64_t>> listing_index::trim_answers(unix_ms limit,
                                                                 std::uint64_t from) {
  constexpr std::size_t places_for_a_row = 40; // Looked up for one row that a slice may take.
  return answers_.trim(tables_, options_.sync, limit, from,
                       std::max<std::size_t>(1, options_.slice_rows / places_for_a_row));
}

result<std::optional<parts_marked>>
listing_index::whole_after(const reader* rows, const std::string& digest,
                           const listing_batch::count_changes& changes,
                           listing_batch::count_changes& counts) {
  if (std::all_of(changes.begin(), changes.end(), [](const auto& c) { return c.second == 0; }))
    return std::optional<parts_marked>();
  parts_marked marks;
  if (rows != nullptr) {
    const auto key = whole_key(digest);
    auto row = rows->get(table::ix, key);
    if (!row)
      return row.failure();
    if (*row) {
      auto stored = decode_parts_marked(**row);
      if (stored)
        marks = std::move(*stored);
      else
        damaged(table::ix, key, stored.error());
    }
  }
  for (const auto& [name, by] : changes) {
    const std::int64_t had = marks.contains(name) ? marks[name] : 0;
    const auto has = std::max<std::int64_t>(had + by, 0);
    counts[name] += (has > 0 ? 1 : 0) - (had > 0 ? 1 : 0);
    if (has > 0)
      marks[name] = static_cast<std::uint32_t>(has);
    else
      marks.erase(name);
  }
  return std::optional(std::move(marks));
}

result<void> listing_index::write_wholes(write_transaction& txn, const listing_batch& batch,
                                         listing_batch::count_changes& counts) {
  for (const auto& [digest, changes] : batch.wholes) {
    const auto marks = whole_after(&txn, digest, changes, counts);
    if (!marks)
      return marks.failure();
    if (!*marks)
      continue;
    const auto key = whole_key(digest);
    if (!(*marks)->empty()) {
      if (auto done = txn.put(table::ix, key, encode(**marks)); !done)
        return done;
    } else if (auto done = txn.del(table::ix, key); !done) {
      return done.failure();
    }
  }
  return {};
}

result<void> listing_index::write(write_transaction& txn, listing_batch& batch) {
  if (auto done = answers_.write(txn, batch.answers); !done)
    return done;
  auto counts = batch.counts;
  if (auto done = write_wholes(txn, batch, counts); !done)
    return done;
  const bool is_moved = batch.after.has_value(); // A slice of ours says where it is then.
  if (batch.changes.empty() && counts.empty() && !is_moved && stored_)
    return {};
  // Neighbours share pages.
  std::sort(batch.changes.begin(), batch.changes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.t, a.key) < std::tie(b.t, b.key);
  });
  for (const auto& c : batch.changes) {
    if (c.value) {
      if (auto done = txn.put(c.t, c.key, *c.value); !done)
        return done;
    } else if (auto done = txn.del(c.t, c.key); !done) {
      return done.failure();
    }
  }
  auto next = is_moved ? *batch.after : state_;
  for (const auto& [name, by] : counts) {
    auto& count = next.counts[name];
    count += by;
    if (count == 0)
      next.counts.erase(name);
  }
  if (next.form == 0 && next.step == listing_step::done) {
    if (auto done = txn.del(table::mt, meta_key::listing); !done)
      return done.failure();
  } else if (auto done = txn.put(table::mt, meta_key::listing, encode(next)); !done) {
    return done;
  }
  batch.after = std::move(next);
  return {};
}

void listing_index::note(const listing_batch& done) {
  answers_.note(done.answers);
  if (!done.after)
    return;
  state_ = *done.after;
  stored_ = true;
}

// ── What was there before ────────────────────────────────────────────────────────────────────

void listing_index::damaged(table t, std::string_view key, const error& why) {
  if (!rebuild_.exchange(true))
    log::error("journal_lists_damaged",
               {{"table", journal::name_of(t)}, {"key", hex_of(key)}, {"reason", why.message}});
}

result<void> listing_index::slice() {
  if (rebuild_.exchange(false) && state_.step != listing_step::drop) {
    state_.step = listing_step::drop;
    state_.position.clear();
    stored_ = false; // From the next transaction on, whosever it is, the tables say so.
  }
  switch (state_.step) {
  case listing_step::drop:
    return drop();
  case listing_step::objects:
    return take_objects();
  case listing_step::invocations:
    return take_invocations();
  case listing_step::done:
    return {};
  }
  return {};
}

result<void> listing_index::commit(listing_batch& batch, const listing_state& next) {
  batch.after = next;
  auto txn = tables_.begin_write(options_.sync);
  if (!txn)
    return txn.failure();
  if (auto done = write(**txn, batch); !done)
    return done;
  if (auto done = (*txn)->commit(); !done)
    return done;
  note(batch);
  if (state_.step == listing_step::done)
    log::info("journal_lists_made");
  return {};
}

result<void> listing_index::drop() {
  listing_batch batch;
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  bool more = false;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    const auto take = [&](table t, std::string_view prefix) -> result<void> {
      return (*rows)->scan(t, prefix, [&](auto key, auto) {
        if (!key.starts_with(prefix))
          return false;
        if (more = more || budget.used_up(); more)
          return false;
        budget.spend(1);
        batch.changes.push_back({t, std::string(key), std::nullopt});
        return true;
      });
    };
    for (const auto& [t, prefix] :
         {std::pair(table::ls, std::string()), std::pair(table::rf, std::string()),
          std::pair(table::ix, std::string(1, index_prefix::mark)),
          std::pair(table::ix, std::string(1, index_prefix::invocation)),
          std::pair(table::ix, std::string(1, index_prefix::whole)),
          std::pair(table::ix, std::string(1, index_prefix::answer))})
      if (auto done = take(t, prefix); !done)
        return done;
  }
  answers_.drop();
  auto next = state_;
  next.counts.clear();
  next.seen = 0;
  if (!more)
    next.step = state_.form == 0 ? listing_step::done : listing_step::objects;
  return commit(batch, next);
}

result<void> listing_index::take_objects() {
  listing_batch batch;
  auto next = state_;
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  bool more = false;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    for (const auto& [service, rule] : options_.lists->by_service) {
      if (!rule)
        continue;
      const auto prefix = behind(service);
      if (next.position >= prefix && !std::string_view(next.position).starts_with(prefix))
        continue;
      const auto from = next.position < prefix ? prefix : behind(next.position);
      result<void> outcome;
      auto scanned = (*rows)->scan(table::ob, from, [&](auto key, auto value) {
        if (!key.starts_with(prefix))
          return false;
        if (more = budget.used_up(); more)
          return false;
        budget.spend(1);
        next.position = std::string(key);
        ++next.seen;
        if (aside_.contains(key))
          return true;
        auto state = state_in(key, value);
        if (!state && concerns_one_object(state.error())) {
          aside_.add(key, state.error());
        } else if (!state) {
          outcome = state.failure();
        } else {
          const auto before = batch.size();
          change(state->id, std::nullopt, listing_of(*options_.lists, *state), batch);
          for (const auto& i : state->live)
            add_answers(i, options_.lists, batch);
          budget.spend(batch.size() - before);
        }
        return outcome.has_value();
      });
      if (!scanned)
        return scanned;
      if (!outcome)
        return outcome;
      if (more)
        break;
    }
  }
  if (!more) {
    next.step = listing_step::invocations;
    next.position.clear();
    next.seen = 0;
  }
  return commit(batch, next);
}

result<void> listing_index::take_invocations() {
  listing_batch batch;
  auto next = state_;
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  bool more = false;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    const auto from = next.position.empty() ? std::string() : behind(next.position);
    auto scanned = (*rows)->scan(table::iv, from, [&](auto key, auto value) {
      if (more = budget.used_up(); more)
        return false;
      budget.spend(1);
      next.position = std::string(key);
      ++next.seen;
      if (const auto id = parse_invocation_key(key))
        add_invocation(owner_of(value), *id, batch);
      // One that cannot be read is found by nothing that it says.
      if (const auto row = decode_invocation_row(value)) {
        budget.spend(row->invocation.entries.size() / entries_for_a_row);
        add_answers(row->invocation, options_.lists, batch);
      }
      return true;
    });
    if (!scanned)
      return scanned;
  }
  if (!more) {
    next.step = listing_step::done;
    next.position.clear();
    next.seen = 0;
  }
  return commit(batch, next);
}

} // namespace orderhub::journal
