#include "journal/set_aside.hpp"

#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/record.hpp"
#include "journal/record_refs.hpp"

#include <utility>

namespace orderhub::journal {

namespace {
/// Of why an object is set aside, as it is kept.
constexpr std::size_t reason_size_max = 1'000;
} // namespace

// The digest in the key alone says who is refused: a mark that was damaged too lets nobody in.
result<void> aside_objects::recover(const reader& rows) {
  for (const char prefix : {aside_prefix::object, aside_prefix::row}) {
    auto scanned = rows.scan(table::sa, std::string(1, prefix), [&](auto key, auto value) {
      if (key.empty() || key.front() != prefix)
        return false;
      aside one;
      one.reason = "its mark is damaged";
      one.moved = true;
      if (prefix == aside_prefix::object)
        if (auto mark = decode_aside_mark(value)) {
          one.key = object_key(mark->object);
          one.reason = std::move(mark->reason);
        }
      objects_.try_emplace(std::string(key.substr(1)), std::move(one));
      return true;
    });
    if (!scanned)
      return scanned;
  }
  any_ = !objects_.empty();
  if (!objects_.empty())
    log::warn("journal_has_objects_set_aside", {{"objects", objects_.size()}});
  return {};
}

bool aside_objects::contains(std::string_view key) const {
  if (!any_.load(std::memory_order_relaxed))
    return false;
  const auto digest = object_digest(key);
  const std::lock_guard lock(mutex_);
  return objects_.contains(digest);
}

bool aside_objects::contains(const object_id& id) const {
  return any_.load(std::memory_order_relaxed) && contains(object_key(id));
}

result<void> aside_objects::refusal(std::string_view key) const {
  if (!any_.load(std::memory_order_relaxed))
    return {};
  const auto digest = object_digest(key);
  const std::lock_guard lock(mutex_);
  auto it = objects_.find(digest);
  if (it == objects_.end())
    return {};
  return refused_object("object " + name_of_object(key) + " is set aside: " + it->second.reason);
}

std::size_t aside_objects::size() const {
  const std::lock_guard lock(mutex_);
  return objects_.size();
}

void aside_objects::add(std::string_view key, const error& why) {
  {
    const std::lock_guard lock(mutex_);
    aside one{std::string(key), why.message, false};
    if (!objects_.try_emplace(object_digest(key), std::move(one)).second)
      return;
    any_ = true;
    waiting_ = true;
  }
  log::error("object_set_aside", {{"object", name_of_object(key)}, {"reason", why.message}});
}

result<void> aside_objects::move(write_transaction& txn, const std::string& key,
                                 const std::vector<stored_record>& records, slice_budget& budget,
                                 std::vector<std::string>& moved) {
  const auto digest = object_digest(key);
  auto put_once = [&](table t, const std::string& row_key, std::string_view value) -> result<bool> {
    auto present = txn.get(t, row_key);
    if (!present)
      return present.failure();
    if (*present)
      return false;
    if (auto done = txn.put(t, row_key, value); !done)
      return done.failure();
    return true;
  };
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    if (auto it = objects_.find(digest); it != objects_.end())
      reason = it->second.reason;
  }
  cut_text(reason, reason_size_max);
  if (auto done = put_once(table::sa, aside_mark_key(digest),
                           encode(aside_mark{*parse_object_key(key), std::move(reason)}));
      !done)
    return done.failure();
  auto row = txn.get(table::ob, key);
  if (!row)
    return row.failure();
  if (*row) {
    const std::string bytes(**row);
    auto done = put_once(table::sa, aside_row_key(digest), bytes);
    if (!done)
      return done.failure();
    if (*done)
      if (auto gone = txn.del(table::ob, key); !gone)
        return gone.failure();
  }
  for (const auto& stored : records) {
    budget.spend(1);
    if (auto done = txn.put(table::sa, aside_record_key(digest, stored.lsn), stored.bytes); !done)
      return done;
    auto r = decode_record(stored.bytes);
    if (!r)
      continue;
    auto refs = refs_of(*r);
    if (!refs || !refs->starts)
      continue;
    const auto& owner = refs->starts_at_other ? *refs->other : r->object;
    if (object_key(owner) != key)
      continue;
    invocation_state mark;
    mark.id = *refs->starts;
    mark.accepted_at = r->time;
    if (auto done =
            put_once(table::iv, invocation_key(mark.id), encode(invocation_row{owner, mark}));
        !done)
      return done.failure();
    if (!refs->key)
      continue;
    const request_row request{mark.id, refs->key->body, refs->key->expires_at};
    if (auto done = txn.put(table::dd, request_row_key(refs->key->scope), encode(request)); !done)
      return done;
    if (auto done = txn.put(table::ix, expiry_key(request.expires_at, refs->key->scope), {}); !done)
      return done;
  }
  moved.push_back(digest);
  return {};
}

std::vector<std::string> aside_objects::not_moved() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [digest, one] : objects_)
    if (!one.moved && !one.key.empty())
      keys.push_back(one.key);
  return keys;
}

void aside_objects::note_moved(const std::vector<std::string>& moved) {
  if (moved.empty())
    return;
  const std::lock_guard lock(mutex_);
  for (const auto& digest : moved)
    if (auto it = objects_.find(digest); it != objects_.end())
      it->second.moved = true;
}

result<void> aside_objects::move_waiting(store& tables, bool sync, slice_budget budget) {
  waiting_ = false; // One that is found from here on is seen the next time.
  auto work = [&]() -> result<void> {
    std::vector<std::string> moved;
    auto txn = tables.begin_write(sync);
    if (!txn)
      return txn.failure();
    for (const auto& key : not_moved())
      if (auto done = move(**txn, key, {}, budget, moved); !done)
        return done;
    if (auto committed = (*txn)->commit(); !committed)
      return committed;
    note_moved(moved);
    return {};
  };
  auto done = work();
  if (!done)
    waiting_ = true;
  return done;
}

} // namespace orderhub::journal
