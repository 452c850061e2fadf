#include "journal/listed_objects.hpp"

#include "journal/answer_index.hpp"
#include "journal/base/bytes.hpp"
#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/listing_rows.hpp"
#include "journal/object_row.hpp"
#include "journal/stored_objects.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

namespace orderhub::journal {

namespace {

/// Up to where the object is folded, by the beginning of its row.
log_sequence folded_to_in(std::string_view object_row) {
  byte_reader r(object_row);
  r.u8();
  return r.u64();
}

std::string digest_of(const object_id& id) {
  return object_digest(object_key(id));
}

} // namespace

bool listed_objects::is_listed(std::string_view key) const {
  return options_.lists != nullptr &&
         options_.lists->find(key.substr(0, key.find('\0'))) != nullptr;
}

result<std::optional<listing_state>> listed_objects::state_of_lists(const reader& rows) const {
  auto state = listing_state_in(rows);
  if (state && *state && (*state)->form != options_.lists->form)
    (*state)->step = listing_step::drop;
  return state;
}

result<void> listed_objects::work_out(recent_object& object, const std::string& key,
                                      const overlay_view* records, const reader& rows) const {
  auto row = rows.get(table::ob, key);
  if (!row)
    return row.failure();
  const auto base = *row ? folded_to_in(**row) : 0;
  if (records == nullptr && object.base == base)
    return {};
  object.base = base;
  object.before.reset();
  if (*row) {
    auto state = state_in(key, **row);
    if (!state) // Whoever folds it sets it aside.
      return concerns_one_object(state.error()) ? result<void>() : state.failure();
    object.before = listing_of(*options_.lists, *state);
  }
  if (records == nullptr)
    return {};
  auto state = stored_.fold(object.id, *records, rows);
  if (!state)
    return concerns_one_object(state.error()) ? result<void>() : state.failure();
  object.now = listing_of(*options_.lists, *state);
  object.last = std::max(object.last, state->folded_to);
  return {};
}

result<std::unique_ptr<reader>> listed_objects::refresh() const {
  std::map<std::string, std::size_t> taken; // By service.
  bool is_cut = false;
  const auto has_room = [&](std::string_view key) {
    if (!is_listed(key))
      return false;
    auto& of_service = taken[std::string(key.substr(0, key.find('\0')))];
    if (of_service == recent_of_service_max) {
      is_cut = true;
      return false;
    }
    ++of_service;
    return true;
  };
  auto changed = recent_.changed(has_room, recent_listed_max);
  is_whole_ = changed.is_whole && !is_cut;
  recent_objects next;
  std::map<std::string, overlay_view, std::less<>> views; // Before the rows begin.
  for (auto& c : changed.found) {
    if (aside_.contains(c.key))
      continue;
    if (auto known = known_.find(c.key); known != known_.end() && known->second.last >= c.last) {
      next.insert(known_.extract(known));
      continue;
    }
    views.emplace(c.key, recent_.view_of(c.key));
    recent_object object;
    object.id = *parse_object_key(c.key);
    object.digest = object_digest(c.key);
    object.last = c.last;
    next.emplace(std::move(c.key), std::move(object));
  }
  auto rows = tables_.read();
  if (!rows)
    return rows;
  for (auto& [key, object] : next) {
    const auto view = views.find(key);
    if (auto done = work_out(object, key, view == views.end() ? nullptr : &view->second, **rows);
        !done)
      return done.failure();
  }
  known_ = std::move(next);
  return rows;
}

result<listed_page>
listed_objects::newest(const std::optional<listing_place>& behind, std::size_t rows_max,
                       std::size_t most,
                       const std::function<bool(const listed_object&)>& take) const {
  listed_page page;
  if (options_.lists == nullptr)
    return page;
  const std::lock_guard lock(mutex_);
  auto rows = refresh();
  if (!rows)
    return rows.failure();
  const auto from =
      behind ? *behind : listing_place{std::numeric_limits<unix_ms>::max(), std::string()};

  std::vector<std::pair<listing_place, const recent_object*>> recent;
  for (const auto& [key, object] : known_)
    if (object.now && object.now->created > 0)
      if (listing_place place{object.now->created, object.digest}; place < from)
        recent.emplace_back(std::move(place), &object);
  std::sort(recent.begin(), recent.end(), [](const auto& a, const auto& b) { return b < a; });

  listing_place last = from;
  bool is_full = false;
  const auto offer = [&](const listing_place& place, listed_object object, bool has_version) {
    last = place;
    ++page.scanned;
    if (take(object)) {
      if (!has_version) {
        auto row = (*rows)->get(table::ob, object_key(object.object));
        object.version = row && *row ? folded_to_in(**row) : 0;
      }
      page.found.push_back(std::move(object));
    }
    is_full = page.found.size() >= most || page.scanned >= rows_max;
    return !is_full;
  };
  auto next_recent = recent.begin();
  const auto offer_recent = [&] {
    const auto& [place, object] = *next_recent++;
    return offer(place, {object->id, object->last, *object->now}, true);
  };
  auto scanned = (*rows)->scan_back(table::ls, listing_key(from), [&](auto key, auto value) {
    const auto place = parse_listing_key(key);
    auto row = decode_listing_row(value);
    if (!place || !row) {
      index_.damaged(table::ls, key,
                     row ? error{error_kind::corrupt, where_journal, "the key is damaged"}
                         : row.error());
      return true;
    }
    while (next_recent != recent.end() && *place <= next_recent->first)
      if (!offer_recent())
        return false;
    const auto object = object_key(row->object);
    if (known_.contains(object) || aside_.contains(object)) {
      last = *place;
      is_full = ++page.scanned >= rows_max;
      return !is_full;
    }
    listed_object found{std::move(row->object), 0, {}};
    found.what.created = place->at;
    found.what.row = std::move(row->row);
    return offer(*place, std::move(found), false);
  });
  if (!scanned)
    return scanned.failure();
  while (!is_full && next_recent != recent.end())
    offer_recent();
  if (is_full)
    page.next = last;
  return page;
}

result<marked_page> listed_objects::marked(std::span<const std::string> marks,
                                           const std::optional<listing_place>& behind,
                                           std::size_t most) const {
  return marked_in(mark_order::oldest_first, marks, behind, most);
}

result<marked_page> listed_objects::newest_marked(std::string_view mark,
                                                  const std::optional<listing_place>& behind,
                                                  std::size_t most) const {
  return marked_in(mark_order::newest_first, std::array{std::string(mark)}, behind, most);
}

result<marked_page> listed_objects::marked_in(mark_order order, std::span<const std::string> marks,
                                              const std::optional<listing_place>& behind,
                                              std::size_t most) const {
  marked_page page;
  if (options_.lists == nullptr)
    return page;
  const std::lock_guard lock(mutex_);
  auto rows = refresh();
  if (!rows)
    return rows.failure();
  std::vector<std::pair<listing_place, object_id>> found;
  const auto add = [&](listing_place place, object_id object) {
    const bool is_behind =
        !behind || (order == mark_order::oldest_first ? *behind < place : place < *behind);
    if (is_behind)
      found.emplace_back(std::move(place), std::move(object));
    return is_behind;
  };
  for (const auto& mark : marks) {
    std::size_t in_rows = 0;
    const auto begin = mark_key_from(mark);
    const auto take = [&](std::string_view key, std::string_view value) {
      if (!key.starts_with(begin))
        return false;
      ++page.scanned;
      const auto place = parse_mark_key(key);
      auto id = decode_object_ref(value);
      if (!place || !id || digest_of(*id) != place->digest) {
        index_.damaged(table::ix, key,
                       id ? error{error_kind::corrupt, where_journal, "it is another object's"}
                          : id.error());
        return true;
      }
      const auto object = object_key(*id);
      if (known_.contains(object) || aside_.contains(object))
        return true;
      in_rows += add({place->since, place->digest}, std::move(*id)) ? 1 : 0;
      return in_rows <= most; // One more, so that it is known whether there are any.
    };
    const auto scan_rows = [&]() -> result<void> {
      if (order == mark_order::oldest_first)
        return (*rows)->scan(table::ix, behind ? mark_key(mark, behind->at, behind->digest) : begin,
                             take);
      constexpr std::size_t place_size = 24;
      return (*rows)->scan_back(table::ix,
                                behind ? mark_key(mark, behind->at, behind->digest)
                                       : begin + std::string(place_size, '\xff'),
                                take);
    };
    auto scanned = scan_rows();
    if (!scanned)
      return scanned.failure();
  }
  for (const auto& [key, object] : known_) {
    if (!object.now)
      continue;
    ++page.scanned;
    for (const auto& m : object.now->marks)
      if (std::find(marks.begin(), marks.end(), m.name) != marks.end())
        add({m.since, object.digest}, object.id);
  }
  if (order == mark_order::oldest_first)
    std::sort(found.begin(), found.end());
  else
    std::sort(found.begin(), found.end(), std::greater<>());
  page.is_whole = found.size() <= most;
  if (found.size() > most)
    found.resize(most);
  for (auto& [place, object] : found)
    page.found.push_back({place.at, std::move(object)});
  return page;
}

result<std::vector<listed_object>> listed_objects::bearing(std::string_view text,
                                                           std::size_t most) const {
  std::vector<listed_object> out;
  if (options_.lists == nullptr)
    return out;
  std::set<object_id> objects;
  {
    const std::lock_guard lock(mutex_);
    auto rows = refresh();
    if (!rows)
      return rows.failure();
    for (const auto& [key, object] : known_)
      if (object.now && std::binary_search(object.now->keys.begin(), object.now->keys.end(), text))
        objects.insert(object.id);
    const auto state = state_of_lists(**rows);
    if (!state)
      return state.failure();
    const auto begin = *state ? found_by_key_from((*state)->secret, text) : std::string();
    std::vector<std::string> places; // Beginnings of keys of `ls`.
    auto scanned = (*rows)->scan(table::rf, begin, [&](auto key, auto value) {
      if (begin.empty() || !key.starts_with(begin) || objects.size() + places.size() >= most)
        return false;
      auto found = decode_found_object(value);
      if (!found || key.size() != found_by_key_size) {
        index_.damaged(table::rf, key,
                       found ? error{error_kind::corrupt, where_journal, "the key is damaged"}
                             : found.error());
        return true;
      }
      if (found->object)
        objects.insert(std::move(*found->object));
      else
        places.push_back(listing_key({found->created, std::string(key.substr(begin.size()))}));
      return true;
    });
    if (!scanned)
      return scanned.failure();
    for (const auto& place : places) {
      scanned = (*rows)->scan(table::ls, place, [&](auto key, auto value) {
        if (!key.starts_with(place))
          return false;
        if (auto row = decode_listing_row(value))
          objects.insert(std::move(row->object));
        return true;
      });
      if (!scanned)
        return scanned.failure();
    }
  }
  // What shares the beginning of its hash, or has lost the text since, is told by the object.
  for (const auto& id : objects) {
    if (out.size() >= most)
      break;
    auto object = now(id);
    if (!object && object.error().kind == error_kind::corrupt)
      continue;
    if (!object)
      return object.failure();
    if (*object &&
        std::binary_search((*object)->what.keys.begin(), (*object)->what.keys.end(), text))
      out.push_back(std::move(**object));
  }
  return out;
}

result<std::optional<listed_object>> listed_objects::now(const object_id& id) const {
  if (options_.lists == nullptr)
    return std::optional<listed_object>{};
  auto state = stored_.load(id);
  if (!state)
    return state.failure();
  auto what = listing_of(*options_.lists, *state);
  if (!what)
    return std::optional<listed_object>{};
  return std::optional(listed_object{id, state->folded_to, std::move(*what)});
}

result<listing_counts> listed_objects::counts() const {
  listing_counts out;
  if (options_.lists == nullptr)
    return out;
  const std::lock_guard lock(mutex_);
  auto rows = refresh();
  if (!rows)
    return rows.failure();
  const auto state = state_of_lists(**rows);
  if (!state)
    return state.failure();
  if (*state)
    out.counts = (*state)->counts;
  out.is_whole = is_whole_;
  std::map<std::string, listing_batch::count_changes> wholes;
  for (const auto& [key, object] : known_) {
    if (object.before && *state && (*state)->covers(key))
      add_counts(*object.before, -1, out.counts, wholes);
    if (object.now)
      add_counts(*object.now, 1, out.counts, wholes);
  }
  const bool has_rows = *state && (*state)->step != listing_step::drop;
  for (const auto& [digest, changes] : wholes)
    if (auto done =
            index_.whole_after(has_rows ? rows->get() : nullptr, digest, changes, out.counts);
        !done)
      return done.failure();
  std::erase_if(out.counts, [](const auto& c) { return c.second == 0; });
  return out;
}

result<std::optional<double>> listed_objects::share() const {
  if (options_.lists == nullptr)
    return std::optional<double>{};
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  const auto state = state_of_lists(**rows);
  if (!state)
    return state.failure();
  return share_listed(**rows, *state);
}

result<std::optional<past_invocations>> listed_objects::past_of(std::span<const object_id> objects,
                                                                std::size_t most) const {
  if (options_.lists == nullptr)
    return std::optional<past_invocations>{};
  std::vector<std::string> keys;
  for (const auto& o : objects)
    keys.push_back(object_key(o));
  const auto begun = recent_.begun_by(keys, most); // Before the rows begin.
  past_invocations past;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    const auto state = state_of_lists(**rows);
    if (!state)
      return state.failure();
    auto share = share_listed(**rows, *state);
    if (!share)
      return share.failure();
    if (*share)
      return std::optional<past_invocations>{};
    for (const auto& id : objects) {
      if (!options_.lists->indexes(id.service))
        continue;
      const auto begin = object_invocation_key_from(digest_of(id));
      std::vector<std::string> rows_begin;
      auto scanned = (*rows)->scan_back(
          table::ix, begin + std::string(invocation_key({}).size(), '\xff'), [&](auto key, auto) {
            if (!key.starts_with(begin))
              return false;
            if (rows_begin.size() >= most) {
              past.is_whole = false;
              return false;
            }
            if (auto row = invocation_begin_in(key))
              rows_begin.push_back(std::move(*row));
            return true;
          });
      if (!scanned)
        return scanned.failure();
      for (const auto& row_begin : rows_begin) {
        scanned = (*rows)->scan(table::iv, row_begin, [&](auto key, auto value) {
          if (!key.starts_with(row_begin))
            return false;
          auto row = decode_invocation_row(value); // One that cannot be read is passed over.
          if (row && row->object == id && row->invocation.finished)
            past.found.push_back(std::move(*row));
          return true;
        });
        if (!scanned)
          return scanned.failure();
      }
    }
  }
  std::set<invocation_id> known;
  for (const auto& row : past.found)
    known.insert(row.invocation.id);
  for (const auto& id : begun) {
    if (known.contains(id))
      continue;
    auto row = stored_.find_invocation(id);
    if (row && *row && (*row)->invocation.finished)
      past.found.push_back(std::move(**row));
  }
  std::sort(past.found.begin(), past.found.end(),
            [](const auto& a, const auto& b) { return a.invocation.id < b.invocation.id; });
  return std::optional(std::move(past));
}

std::set<invocation_id> listed_objects::answered_recently(std::string_view id, std::size_t most,
                                                          bool& is_whole) const {
  std::set<invocation_id> answered;
  const auto behind_scope = id.substr(id.rfind(':') + 1); // As `listing_rules::ids_in` has them.
  const auto changed = recent_.changed([](auto) { return true; }, recent_answered_max);
  is_whole = is_whole && changed.is_whole;
  for (const auto& object : changed.found) {
    const auto view = recent_.view_of(object.key);
    for (const auto& stored : view.records) {
      if (stored.bytes.find(behind_scope) == std::string_view::npos)
        continue;
      const auto r = decode_record(stored.bytes);
      if (!r)
        continue;
      const auto ids = vendor_ids_in(r->kind, r->payload, options_.lists);
      if (std::find(ids.begin(), ids.end(), id) != ids.end())
        answered.insert(r->invocation);
      if (answered.size() == most)
        return answered;
    }
  }
  return answered;
}

result<answered_invocations> listed_objects::answered_as(std::string_view id,
                                                         std::size_t most) const {
  answered_invocations answer;
  std::set<invocation_id> live;
  if (options_.lists != nullptr) // Before the rows begin.
    live = answered_recently(id, most, answer.is_whole);
  std::map<invocation_id, invocation_row> ended;
  if (live.size() < most) {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    if (options_.lists == nullptr)
      return journal::answered_as(**rows, id, nullptr, most);
    constexpr std::size_t times_max = 64;
    const auto times = times_of_answer(**rows, id, answer_rows_max, times_max);
    if (times.is_damaged)
      index_.damaged(table::ix, std::string(1, index_prefix::answer),
                     {error_kind::corrupt, where_journal, "a row of answers cannot be read"});
    answer.is_whole = answer.is_whole && times.is_whole && !times.is_damaged;
    for (const auto begun : times.begun) {
      std::size_t looked_at = 0;
      auto scanned =
          (*rows)->scan(table::iv, invocation_key(first_of(begun)), [&](auto key, auto value) {
            const auto run = parse_invocation_key(key);
            if (!run || time_of(*run) != begun)
              return false;
            if (looked_at++ == past_rows_max) {
              answer.is_whole = false;
              return false;
            }
            auto row = decode_invocation_row(value); // One that cannot be read is passed over.
            if (row && !row->invocation.finished)
              live.insert(*run);
            else if (row && has_answer(row->invocation, id, options_.lists))
              ended.emplace(*run, std::move(*row));
            return ended.size() < most;
          });
      if (!scanned)
        return scanned.failure();
      if (ended.size() == most)
        break;
    }
  }
  for (const auto& run : live) {
    if (ended.size() == most)
      break;
    auto row = stored_.find_invocation(run);
    if (row && *row && has_answer((*row)->invocation, id, options_.lists))
      ended.insert_or_assign(run, std::move(**row));
  }
  for (auto& [run, row] : ended)
    answer.found.push_back(std::move(row));
  if (!answer.found.empty())
    return answer;
  const auto left = share();
  if (!left)
    return left.failure();
  if (!*left)
    return answer;
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  auto newest = journal::answered_as(**rows, id, options_.lists, most);
  if (newest)
    newest->is_whole = !newest->found.empty();
  return newest;
}

} // namespace orderhub::journal
