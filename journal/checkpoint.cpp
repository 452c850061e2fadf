#include "journal/checkpoint.hpp"

#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/listing_rows.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/open_work.hpp"
#include "journal/record_refs.hpp"
#include "journal/stored_objects.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace orderhub::journal {

namespace {

/// For each row that a slice may fold it may delete rows of the log with so many bytes, about;
/// alone so many times that.
constexpr std::size_t trimmed_bytes_per_row = 256;
constexpr std::size_t trimmed_alone_factor = 8;
/// What is not folded has at most so many times `checkpoint_bytes`: there folding comes before
/// commits, and on the way there each commit waits for a part of it.
constexpr std::uint64_t urgent_factor = 3;
/// Where commits wait for it, so many times more goes into one slice: fewer syncs in all.
constexpr std::size_t behind_factor = 4;
/// A piece that rides on a commit is at most this part of one that goes alone.
constexpr std::size_t rider_share = 3;
/// Beside a commit log a slice is so many times as large.
constexpr std::size_t beside_factor = 20;

/// Lets a mean cost follow what `count` things have cost since `start`.
void move_mean(double& mean_us, slice_clock::time_point start, std::size_t count) {
  const auto cost = static_cast<double>(microseconds_since(start)) / static_cast<double>(count);
  mean_us += (cost - mean_us) / 4;
}

} // namespace

double checkpoint::folded_share() const {
  const auto objects = static_cast<double>(order_.size());
  if (at_ >= order_.size())
    return 1;
  double part = 0;
  if (part_ > 0) {
    const auto& records = recent_.frozen()->objects.find(*order_[at_])->second.records;
    part = static_cast<double>(part_) / static_cast<double>(records.size());
  }
  return (static_cast<double>(at_) + part) / objects;
}

bool checkpoint::behind() const {
  const auto most = urgent_factor * options_.checkpoint_bytes;
  if (recent_.metrics().bytes >= most)
    return true;
  if (log_ != nullptr)
    return log_->almost_full(); // Folding has a thread of its own.
  const auto grown = recent_.current().size;
  // The log is trimmed before the next checkpoint begins.
  if (recent_.frozen() == nullptr)
    return trim_waits_ && grown >= options_.checkpoint_bytes + options_.checkpoint_bytes / 4;
  // What is frozen is to be folded when there is no room left: each commit waits for its share of
  // that, and none for all of it. Riders alone may do while a quarter of the room is taken.
  const auto room = most - recent_.frozen()->size;
  const auto unpaced = room / 4;
  return grown > unpaced && static_cast<double>(grown - unpaced) >
                                folded_share() * static_cast<double>(room - unpaced);
}

result<void> checkpoint::begin_if_due(unix_ms now) {
  const auto& current = recent_.current();
  const bool urgent = current.size >= urgent_factor * options_.checkpoint_bytes ||
                      (log_ != nullptr && log_->almost_full());
  const bool due =
      !current.empty() && (urgent || current.size >= options_.checkpoint_bytes ||
                           now - current.first_time >= options_.checkpoint_interval_ms ||
                           (log_ != nullptr && log_->filling()));
  if (recent_.frozen() == nullptr && due && (urgent || !trim_waits_))
    return begin();
  return {};
}

result<void> checkpoint::begin() {
  // Rows that contain what a power cut takes out of the log would pass over what gets its numbers.
  if (log_ != nullptr)
    if (auto synced = log_->sync(); !synced)
      return synced;
  recent_.freeze();
  order_.clear();
  at_ = part_ = 0;
  return {};
}

void checkpoint::take_order() {
  const auto& objects = recent_.frozen()->objects;
  order_.reserve(objects.size());
  for (const auto& [key, object] : objects)
    order_.push_back(&key);
  // Neighbours share pages.
  std::sort(order_.begin(), order_.end(), [](const auto* a, const auto* b) { return *a < *b; });
}

result<std::size_t> checkpoint::fold_object(write_transaction& txn, const std::string& key,
                                            const std::vector<stored_record>& records,
                                            std::size_t first, std::vector<row_to_put>& invocations,
                                            listing_batch& lists, slice_budget& budget) {
  auto base = base_of(txn, key);
  if (!base)
    return base.failure();
  const bool had_row = base->has_value();
  object_state state = had_row ? std::move(**base) : blank_state(*parse_object_key(key));
  budget.spend(1);
  if (had_row && records.back().lsn <= state.folded_to)
    return records.size(); // Folded before a crash.

  const auto old_due = had_row ? next_due(state) : std::nullopt;
  const bool was_active = had_row && needs_resume(state);
  const auto was_listed = had_row ? lists_.of(key, state) : std::nullopt;
  std::vector<invocation_id> old_live;
  for (const auto& i : state.live)
    old_live.push_back(i.id);

  const auto also = [&](const record& r) -> result<void> {
    if (r.object == state.id)
      lists_.add_answer(r.invocation, r.kind, r.payload, r.time, lists);
    if (r.kind == record_kind::operator_action && r.object == state.id) {
      budget.spend(1);
      return txn.put(table::ix, action_key(r.time, state.folded_to), encode(r));
    }
    auto refs = refs_of(r);
    if (!refs)
      return refs.failure();
    const auto& owner = refs->starts_at_other ? *refs->other : r.object;
    if (!refs->key || !refs->starts || owner != state.id)
      return {};
    const request_row row{*refs->starts, refs->key->body, refs->key->expires_at};
    budget.spend(2);
    if (auto done = txn.put(table::dd, request_row_key(refs->key->scope), encode(row)); !done)
      return done;
    return txn.put(table::ix, expiry_key(row.expires_at, refs->key->scope), {});
  };
  // A part ends where there is something to keep: a row that is deleted says nothing of how far its
  // records are contained.
  const auto part = std::max<std::size_t>(options_.part_records, 1);
  std::size_t finished = 0;
  const auto spend_finished = [&] {
    budget.spend(state.finished.size() - std::exchange(finished, state.finished.size()));
  };
  const auto enough = [&](std::size_t at) {
    if (at - first < part || state.blank())
      return false;
    spend_finished();
    return budget.used_up(static_cast<std::int64_t>(
        invocation_put_us_ * static_cast<double>(invocations.size() + state.finished.size())));
  };
  auto folded = fold_some(state, records, first, also, enough);
  if (!folded)
    return folded;
  spend_finished();

  std::size_t gone = state.past.gone;
  if (!state.past.is_none())
    if (auto done = change_past(txn, key, state, invocations, lists, budget); !done)
      return done.failure();
  for (auto& i : state.finished) {
    if (gone > 0) {
      --gone;
      continue;
    }
    const auto row_key = invocation_key(i.id);
    if (std::find(old_live.begin(), old_live.end(), i.id) == old_live.end())
      lists_.add_invocation(state.id, i.id, lists);
    invocations.push_back({row_key, encode(invocation_row{state.id, std::move(i)})});
  }
  for (const auto& i : state.live) {
    if (std::find(old_live.begin(), old_live.end(), i.id) != old_live.end())
      continue;
    invocation_state mark;
    mark.id = i.id;
    mark.accepted_at = i.accepted_at;
    lists_.add_invocation(state.id, i.id, lists);
    invocations.push_back({invocation_key(i.id), encode(invocation_row{state.id, mark})});
  }
  if (!state.blank()) {
    if (auto done = txn.put(table::ob, key, encode(state)); !done)
      return done.failure();
  } else if (had_row) {
    if (auto done = txn.del(table::ob, key); !done)
      return done.failure();
  }
  const auto listed_rows = lists.size();
  lists_.change(state.id, was_listed, lists_.of(key, state), lists); // Nothing of a blank one.
  budget.spend(lists.size() - listed_rows);
  const auto due = state.blank() ? std::nullopt : next_due(state);
  if (due != old_due) {
    budget.spend(1);
    if (old_due)
      if (auto done = txn.del(table::tm, timer_key(old_due->due, state.id)); !done)
        return done.failure();
    if (due)
      if (auto done = txn.put(table::tm, timer_key(due->due, state.id),
                              encode(timer_row{due->due, state.id, due->recorded_at}));
          !done)
        return done.failure();
  }
  const bool active = !state.blank() && needs_resume(state);
  if (active != was_active) {
    budget.spend(1);
    if (!active) {
      if (auto done = txn.del(table::ix, active_key(state.id)); !done)
        return done.failure();
    } else if (auto done = txn.put(table::ix, active_key(state.id), encode_object_ref(state.id));
               !done) {
      return done.failure();
    }
  }
  return folded;
}

/// Rows of invocations that ended before, of an object that is erased or purged.
result<void> checkpoint::change_past(write_transaction& txn, const std::string& key,
                                     const object_state& state,
                                     std::vector<row_to_put>& invocations, listing_batch& lists,
                                     slice_budget& budget) {
  std::vector<std::string> rows;
  for (const auto& id : state.past.named)
    rows.push_back(invocation_key(id));
  const auto from = object_invocation_key_from(object_digest(key));
  std::vector<std::string> beginnings;
  if (auto scanned = txn.scan(table::ix, from,
                              [&](std::string_view found, std::string_view) {
                                if (!found.starts_with(from))
                                  return false;
                                if (auto begin = invocation_begin_in(found))
                                  beginnings.push_back(std::move(*begin));
                                return true;
                              });
      !scanned)
    return scanned;
  for (const auto& begin : beginnings)
    if (auto scanned = txn.scan(table::iv, begin,
                                [&](std::string_view found, std::string_view) {
                                  if (!found.starts_with(begin))
                                    return false;
                                  rows.emplace_back(found);
                                  return true;
                                });
        !scanned)
      return scanned;
  const auto forget_request = [&](const invocation_state& i) -> result<void> {
    if (!i.input.key)
      return {};
    if (auto done = txn.del(table::dd, request_row_key(i.input.key->scope)); !done)
      return done.failure();
    if (auto done = txn.del(table::ix, expiry_key(i.input.key->expires_at, i.input.key->scope));
        !done)
      return done.failure();
    return {};
  };
  for (std::size_t n = 0; n < state.past.gone; ++n)
    if (auto done = forget_request(state.finished[n]); !done)
      return done;
  for (const auto& row_key : rows) {
    auto found = txn.get(table::iv, row_key);
    if (!found)
      return found.failure();
    if (!*found)
      continue;
    auto row = decode_invocation_row(**found);
    if (!row || row->object != state.id)
      continue; // One that cannot be read stays, as everywhere.
    budget.spend(1);
    if (state.past.goes) {
      if (auto done = forget_request(row->invocation); !done)
        return done;
      if (auto done = txn.del(table::iv, row_key); !done)
        return done.failure();
      lists_.drop_invocation(state.id, row->invocation.id, lists);
    } else if (row->invocation.finished) {
      erase_content(row->invocation);
      invocations.push_back({row_key, encode(*row)});
    }
  }
  return {};
}

result<checkpoint::slice> checkpoint::fold_in(write_transaction& txn, slice_budget budget) {
  std::vector<row_to_put> invocations;
  slice done;
  done.folded = true;
  if (order_.empty())
    take_order();
  auto at = at_;
  auto part = part_;
  while (at < order_.size()) {
    const auto& key = *order_[at];
    const auto& records = recent_.frozen()->objects.find(key)->second.records;
    bool set_aside_now = aside_.contains(key);
    if (!set_aside_now) {
      auto folded = fold_object(txn, key, records, part, invocations, done.lists, budget);
      if (folded && *folded < records.size()) {
        part = *folded;
        break;
      }
      set_aside_now = !folded && concerns_one_object(folded.error());
      if (set_aside_now)
        aside_.add(key, folded.error());
      else if (!folded)
        return folded.failure();
    }
    if (set_aside_now)
      if (auto moved = aside_.move(txn, key, records, budget, done.moved); !moved)
        return moved.failure();
    ++at;
    part = 0;
    // Beside a commit log nobody waits for the commit, whose cost hardly depends on the rows.
    const auto commit_us = log_ != nullptr ? 0 : object_commit_us_ * static_cast<double>(at - at_);
    const auto to_do = invocation_put_us_ * static_cast<double>(invocations.size()) + commit_us;
    if (budget.used_up(static_cast<std::int64_t>(to_do)))
      break;
  }
  std::sort(invocations.begin(), invocations.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  const auto puts_start = slice_clock::now();
  for (const auto& row : invocations)
    if (auto put = txn.put(table::iv, row.key, row.value); !put)
      return put.failure();
  if (!invocations.empty())
    move_mean(invocation_put_us_, puts_start, invocations.size());
  if (auto put = lists_.write(txn, done.lists); !put)
    return put.failure();

  done.folded_to = at;
  done.part = part;
  if (at == order_.size()) {
    const auto& frozen = *recent_.frozen();
    done.ended = checkpoint_mark{
        frozen.last_lsn, std::max(recent_.position().checkpoint.last_time, frozen.last_time),
        frozen.boottime_ms};
    if (auto put = txn.put(table::mt, meta_key::checkpoint, encode(*done.ended)); !put)
      return put.failure();
    // Beside a log in the tables the boot was noted with its newest row.
    if (log_ != nullptr)
      if (auto put = txn.put(table::mt, meta_key::boot, encode_boot(frozen.boot_id)); !put)
        return put.failure();
  }
  return done;
}

/// The next piece of what waits: folding before trimming.
result<checkpoint::slice> checkpoint::slice_in(write_transaction& txn, slice_budget budget,
                                               front_limit trim) {
  if (recent_.frozen() != nullptr)
    return fold_in(txn, budget);
  slice done;
  if (!trim_waits_)
    return done;
  auto deleted = txn.del_front(table::lg, log_key(recent_.position().checkpoint.lsn), trim);
  if (!deleted)
    return deleted.failure();
  done.trimmed = *deleted;
  return done;
}

result<checkpoint::slice> checkpoint::ride_on(write_transaction& txn) {
  // No time at all stands for rows alone.
  const auto ms = options_.slice_ms == 0 ? 0 : std::max<std::int64_t>(options_.slice_ms / 2, 1);
  return slice_in(txn, {options_.slice_rows / rider_share, ms},
                  {options_.slice_rows, options_.slice_rows * trimmed_bytes_per_row});
}

result<bool> checkpoint::slice_alone() {
  auto txn = tables_.begin_write(options_.sync);
  if (!txn)
    return txn.failure();
  const auto trimmed_rows = std::max<std::size_t>(1, options_.slice_rows) * trimmed_alone_factor;
  const std::size_t factor = log_ != nullptr ? beside_factor : behind() ? behind_factor : 1;
  auto done = slice_in(
      **txn, {options_.slice_rows * factor, options_.slice_ms * static_cast<std::int64_t>(factor)},
      {trimmed_rows, trimmed_rows * trimmed_bytes_per_row});
  if (!done)
    return done.failure();
  const auto folded = done->folded ? done->folded_to - at_ : 0;
  const auto commit_start = slice_clock::now();
  if (done->folded || (done->trimmed && done->trimmed->rows > 0))
    if (auto committed = (*txn)->commit(); !committed)
      return committed.failure();
  if (folded > 0)
    learn_commit(microseconds_since(commit_start), folded);
  return note(*done);
}

/// A commit takes a time of its own, the disk's, and more with each object. Only the latter makes a
/// slice shorter: on a disk that takes longer to sync than a slice may, slices would else shrink to
/// an object each.
void checkpoint::learn_commit(std::int64_t us, std::size_t objects) {
  const auto took = static_cast<double>(us);
  constexpr double forgotten = 1.02; // So a disk that has become slower is believed after a while.
  least_commit_us_ = least_commit_us_ == 0 ? took : std::min(least_commit_us_ * forgotten, took);
  const auto each = (took - least_commit_us_) / static_cast<double>(objects);
  object_commit_us_ += (each - object_commit_us_) / 4;
}

bool checkpoint::note(const slice& done) {
  aside_.note_moved(done.moved);
  if (done.trimmed)
    trim_waits_ = done.trimmed->more;
  if (!done.folded)
    return false;
  lists_.note(done.lists);
  recent_.folded(std::span(order_).subspan(at_, done.folded_to - at_), done.ended);
  at_ = done.folded_to;
  part_ = done.part;
  if (!done.ended)
    return false;
  order_.clear();
  trim_waits_ = true;
  if (log_ != nullptr)
    log_->release(done.ended->lsn);
  return true;
}

} // namespace orderhub::journal
