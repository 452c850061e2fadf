#include "journal/retention.hpp"

#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/slice_budget.hpp"
#include "journal/stored_objects.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace orderhub::journal {

namespace {

/// A pass begins this often, or a thousand times within the retention where that is longer.
constexpr std::int64_t pass_ms_min = 60'000;
/// Damaged rows that are named; past that the log has enough of them.
constexpr std::size_t rows_named_max = 1'000;

} // namespace

void retention::begin_if_due(unix_ms now) {
  if (step_ != step::none || (next_pass_ && now < *next_pass_))
    return;
  step_ = step::invocations;
  from_.clear();
  next_pass_ = now + std::max(pass_ms_min, options_.journal_retention_ms / 1000);
}

result<void> retention::slice(unix_ms now) {
  switch (step_) {
  case step::none:
    return {};
  case step::invocations:
    return expire_invocations(now);
  case step::answers:
    return expire_answers(now);
  case step::requests:
    return expire_requests(now);
  case step::actions:
    return expire_actions(now);
  }
  return {};
}

void retention::name_row(table t, std::string_view key, const error& why) {
  if (named_rows_.size() >= rows_named_max ||
      !named_rows_.insert(std::string(journal::name_of(t)).append(key)).second)
    return;
  log::error("journal_row_damaged",
             {{"table", journal::name_of(t)}, {"key", hex_of(key)}, {"reason", why.message}});
}

// An ephemeral object goes in the transaction that takes its last invocation. It has to be idle,
// and all of it in its row: what is in the log yet would be folded again after a crash, and bring a
// part of it back. With nothing live it has neither timer nor anything to be resumed for.
result<retention::expiry_of_object> retention::may_expire(const reader& rows, const object_id& id,
                                                          unix_ms limit) const {
  const auto key = object_key(id);
  if (aside_.contains(key))
    return expiry_of_object::stays;
  auto base = base_of(rows, key);
  if (!base) {
    if (!concerns_one_object(base.error()))
      return base.failure();
    aside_.add(key, base.error());
    return expiry_of_object::stays;
  }
  const auto& state = *base;
  if (!state || !state->ephemeral || state->last_finished_at >= limit)
    return expiry_of_object::stays;
  if (recent_.in_current(key))
    return expiry_of_object::later;
  return state->live.empty() && state->undelivered.empty() ? expiry_of_object::goes
                                                           : expiry_of_object::stays;
}

// Ids begin with the time of their making, so what can have ended before the limit lies in front.
// Live ones, and those that ended later, are passed over.
result<void> retention::expire_invocations(unix_ms now) {
  const auto limit = now - options_.journal_retention_ms;
  const auto end = invocation_key(first_of(limit));
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  std::vector<std::string> expired;
  std::map<std::string, std::vector<std::string>> objects; // That go, with rows of theirs in `iv`.
  std::map<std::string, object_id> owners;                 // Of these rows.
  std::string next;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    result<void> outcome;
    auto scanned = (*rows)->scan(table::iv, from_, [&](auto key, auto value) {
      if (key >= end)
        return false;
      if (budget.used_up()) {
        next = std::string(key);
        return false;
      }
      budget.spend(1);
      auto row = decode_invocation_row(value);
      if (!row) {
        // It stays: who asks for that invocation is told, and it is not taken for a new one.
        name_row(table::iv, key, row.error());
        return true;
      }
      if (!row->invocation.finished || row->invocation.finished_at >= limit)
        return true;
      if (row->invocation.input.ephemeral) {
        budget.spend(1);
        auto object = may_expire(**rows, row->object, limit);
        if (!object) {
          outcome = object.failure();
          return false;
        }
        if (*object == expiry_of_object::later)
          return true; // So does this row, by which the next pass finds the object.
        if (*object == expiry_of_object::goes) {
          objects[object_key(row->object)].emplace_back(key);
          owners.emplace(key, std::move(row->object));
          return true;
        }
      }
      owners.emplace(key, std::move(row->object));
      expired.emplace_back(key);
      return true;
    });
    if (!scanned)
      return scanned;
    if (!outcome)
      return outcome;
  }
  if (!expired.empty() || !objects.empty()) {
    // From the last look on nothing may be committed for an object until it has gone.
    std::unique_lock no_commits(commits_, std::defer_lock);
    if (!objects.empty())
      no_commits.lock();
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    listing_batch lists;
    const auto forget = [&](const std::string& row) -> result<void> {
      if (auto id = parse_invocation_key(row))
        lists_.drop_invocation(owners.at(row), *id, lists);
      if (auto done = (*txn)->del(table::iv, row); !done)
        return done.failure();
      return {};
    };
    for (const auto& key : expired)
      if (auto done = forget(key); !done)
        return done;
    for (const auto& [key, invocations] : objects) {
      if (recent_.in_current(key))
        continue; // It has work again; the next pass looks at it.
      auto base = base_of(**txn, key);
      if (base && *base)
        lists_.change((*base)->id, lists_.of(key, **base), std::nullopt, lists);
      if (auto done = (*txn)->del(table::ob, key); !done)
        return done.failure();
      for (const auto& row : invocations)
        if (auto done = forget(row); !done)
          return done;
    }
    if (auto done = lists_.write(**txn, lists); !done)
      return done;
    if (auto done = (*txn)->commit(); !done)
      return done;
    lists_.note(lists);
  }
  from_ = next;
  if (next.empty()) {
    step_ = step::answers;
    answers_ = 0;
  }
  return {};
}

result<void> retention::expire_answers(unix_ms now) {
  const auto next = lists_.trim_answers(now - options_.journal_retention_ms, answers_);
  if (!next)
    return next.failure();
  if (*next)
    answers_ = **next;
  else
    step_ = step::requests;
  return {};
}

result<void> retention::expire_requests(unix_ms now) {
  struct expired_request {
    std::string index_key;
    std::string row_key; ///< Empty: its row stays.
  };
  slice_budget budget(options_.slice_rows, options_.slice_ms);
  std::vector<expired_request> expired;
  bool more = false;
  {
    auto rows = tables_.read();
    if (!rows)
      return rows.failure();
    result<void> outcome;
    auto take = [&](std::string_view key) -> result<bool> {
      if (key.empty() || key.front() != index_prefix::expiry)
        return false;
      const auto e = parse_expiry_key(key);
      if (e && e->expires_at > now)
        return false;
      if (more = budget.used_up(); more)
        return false;
      budget.spend(1);
      if (!e) {
        // Its time and its request are not known; the request's row stays for good.
        name_row(table::ix, key,
                 {error_kind::corrupt, where_journal, "the key is cut short or too long"});
        expired.push_back({std::string(key), {}});
        return true;
      }
      auto row_key = request_row_key(e->scope);
      auto row = (*rows)->get(table::dd, row_key);
      if (!row)
        return row.failure();
      if (*row) {
        // One that cannot be read may be that of a newer request: it stays, and refuses its key,
        // rather than that something is done twice.
        auto decoded = decode_request_row(**row);
        if (!decoded)
          name_row(table::dd, row_key, decoded.error());
        if (!decoded || decoded->expires_at > now)
          row_key.clear();
      }
      expired.push_back({std::string(key), std::move(row_key)});
      return true;
    };
    auto scanned =
        (*rows)->scan(table::ix, std::string(1, index_prefix::expiry), [&](auto key, auto) {
          auto again = take(key);
          if (!again)
            outcome = again.failure();
          return again && *again;
        });
    if (!scanned)
      return scanned;
    if (!outcome)
      return outcome;
  }
  if (!expired.empty()) {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& e : expired) {
      if (auto done = (*txn)->del(table::ix, e.index_key); !done)
        return done.failure();
      if (e.row_key.empty())
        continue;
      if (auto done = (*txn)->del(table::dd, e.row_key); !done)
        return done.failure();
    }
    if (auto done = (*txn)->commit(); !done)
      return done;
  }
  if (more)
    return {};
  auto old = old_actions(now, 1); // Hardly ever any: no slice of their own where there is none.
  if (!old)
    return old.failure();
  step_ = old->empty() ? step::none : step::actions;
  return {};
}

result<std::vector<std::string>> retention::old_actions(unix_ms now, std::size_t limit) const {
  std::vector<std::string> keys;
  auto rows = tables_.read();
  if (!rows)
    return rows.failure();
  const auto oldest = action_key(now - options_.action_retention_ms, 0); // The newest come first.
  auto scanned = (*rows)->scan(table::ix, oldest, [&](auto key, auto) {
    if (key.empty() || key.front() != index_prefix::action || keys.size() >= limit)
      return false;
    keys.emplace_back(key);
    return true;
  });
  if (!scanned)
    return scanned.failure();
  return keys;
}

result<void> retention::expire_actions(unix_ms now) {
  const auto limit = std::max<std::size_t>(options_.slice_rows, 1);
  const auto expired = old_actions(now, limit);
  if (!expired)
    return expired.failure();
  if (!expired->empty()) {
    auto txn = tables_.begin_write(options_.sync);
    if (!txn)
      return txn.failure();
    for (const auto& key : *expired)
      if (auto done = (*txn)->del(table::ix, key); !done)
        return done.failure();
    if (auto done = (*txn)->commit(); !done)
      return done;
  }
  if (expired->size() < limit)
    step_ = step::none;
  return {};
}

} // namespace orderhub::journal
