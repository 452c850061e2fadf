#include "journal/commit_log/log_segments.hpp"

#include "journal/base/log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.commit_log";
constexpr auto unfinished = "segment.new";
/// More fresh segments than this beyond the spare ones are given back to the disk.
constexpr std::size_t fresh_beyond = 1;
/// Of the current segment's blocks, in quarters, from which on it counts as all but full.
constexpr std::uint64_t almost_full_quarters = 3;
/// So many times more segments than commits wait for, and folding does not go on: no more are made.
constexpr std::size_t hopeless_factor = 4;
/// A segment is synced in such pieces as it is made: a commit beside it waits for one, not for all.
constexpr std::uint64_t piece = 1U << 20U;
/// Calls of `make_ready` after one that failed: a second or so where nothing is folded.
constexpr unsigned passes = 20;

std::string name_of_segment(std::uint64_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "segment-%08llu",
                static_cast<unsigned long long>(number));
  return text.data();
}

std::uint64_t number_of_segment(const std::string& name) {
  return std::strtoull(name.c_str() + name.find('-') + 1, nullptr, 10);
}

result<void> fill_with_zeros(log_file& file, std::uint64_t from, std::uint64_t size) {
  static const std::string zeros(256U << 10U, '\0');
  auto synced = from;
  for (auto at = from; at < size;) {
    const auto part = std::min<std::uint64_t>(zeros.size(), size - at);
    if (auto done = file.write(at, std::string_view(zeros).substr(0, part)); !done)
      return done;
    at += part;
    if (at - synced < piece && at < size)
      continue;
    if (auto done = file.sync(); !done)
      return done;
    synced = at;
  }
  return {};
}

} // namespace

// ── Starting ─────────────────────────────────────────────────────────────────────────────────

result<void> log_segments::start(const log_id& id, log_sequence folded, const found_log& found) {
  const std::lock_guard making(making_);
  const std::lock_guard lock(mutex_);
  id_ = id;
  folded_ = folded;
  auto names = directory_.names();
  if (!names)
    return names.failure();
  if (std::find(names->begin(), names->end(), unfinished) != names->end())
    if (auto removed = directory_.remove(unfinished); !removed)
      return removed;
  // The process that made a segment may have ended before its name was on disk.
  if (auto synced = directory_.sync(); !synced)
    return synced;
  const bool reuse = directory_.may_reuse();
  for (const auto& s : found.segments) {
    auto file = directory_.open(s->name);
    if (!file)
      return file.failure();
    next_name_ = std::max(next_name_, number_of_segment(s->name) + 1);
    log_segment known{
        s->name, std::move(*file), s->bytes.size(), log_block, s->last, false, s->last != 0, true,
        0};
    // What a backup still wants to read is not written over, though it counts no more for us.
    if (known.last != 0 || !reuse)
      written_.push_back(std::move(known));
    else
      retire(std::move(known));
  }
  for (const auto& batch : found.batches) {
    unfolded_.push_back({batch.last(), blocks_of(batch)});
    unfolded_bytes_ += unfolded_.back().bytes;
  }
  return {};
}

bool log_segments::any() const {
  const std::lock_guard lock(mutex_);
  return current_ || !written_.empty() || !fresh_.empty() || !to_renew_.empty() ||
         !leaving_.empty();
}

result<void> log_segments::ensure_any() {
  if (any())
    return {};
  const std::lock_guard making(making_);
  auto made = make(options_.segment_size);
  if (!made)
    return made.failure();
  const std::lock_guard lock(mutex_);
  fresh_.push_back(std::move(*made));
  return {};
}

// ── Making and removing ──────────────────────────────────────────────────────────────────────

// Its blocks are written and synced before it has its name, and the name before it is used: a sync
// of a batch then has nothing to write but the batch, and a power cut takes no file away.
result<log_segment> log_segments::make(std::uint64_t size) {
  auto file = directory_.create(unfinished);
  if (!file)
    return file.failure();
  auto name = name_of_segment(next_name_);
  // Without room nothing is written: a full disk has better use for what is left of it.
  auto done = (*file)->reserve(size);
  const auto head = encode_segment_head(id_, size);
  if (done)
    done = (*file)->write(0, head);
  if (done)
    done = fill_with_zeros(**file, head.size(), size);
  if (done)
    done = directory_.rename(unfinished, name);
  if (!done) {
    (void)directory_.remove(unfinished);
    return done.failure();
  }
  ++next_name_;
  if (auto synced = directory_.sync(); !synced) {
    (void)directory_.remove(name);
    return synced.failure();
  }
  const std::lock_guard lock(mutex_);
  return log_segment{std::move(name), std::move(*file), size, log_block, 0, false, false,
                     false,           renewals_};
}

bool log_segments::make_ready() {
  {
    const std::lock_guard lock(mutex_);
    reclaim();
  }
  remove_left();
  if (renew_one())
    return true;
  {
    const std::lock_guard lock(mutex_);
    if (missing() == 0)
      return false;
    if (pass_ > 0) {
      --pass_;
      return false;
    }
  }
  const std::lock_guard making(making_);
  {
    const std::lock_guard lock(mutex_);
    if (missing() == 0) // A commit was faster.
      return false;
  }
  auto made = make(options_.segment_size);
  const std::lock_guard lock(mutex_);
  if (!made) {
    if (!std::exchange(no_room_, true))
      log::warn("commit_log_without_spare_segment", {{"reason", made.error().message}});
    pass_ = passes;
    return false;
  }
  no_room_ = false;
  fresh_.push_back(std::move(*made));
  return missing() > 0;
}

/// All that is to go but the last file of all, which says that there is a log.
void log_segments::remove_left() {
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    names.swap(leaving_);
    if (!names.empty() && !current_ && written_.empty() && fresh_.empty()) {
      leaving_.push_back(std::move(names.back()));
      names.pop_back();
    }
  }
  for (const auto& name : names)
    if (auto removed = directory_.remove(name); !removed)
      log::warn("commit_log_segment_left", {{"reason", removed.error().message}});
  if (!names.empty() && renewals_ > 0) // What is said to be gone does not come back.
    if (auto synced = directory_.sync(); !synced)
      log::warn("commit_log_segment_left", {{"reason", synced.error().message}});
}

// ── Renewing ─────────────────────────────────────────────────────────────────────────────────

void log_segments::begin_renewal() {
  const std::lock_guard lock(mutex_);
  ++renewals_;
  for (auto& s : std::exchange(fresh_, {})) {
    if (!s.used)
      s.renewal = renewals_;
    (s.used ? to_renew_ : fresh_).push_back(std::move(s));
  }
  if (current_ && !current_->used)
    current_->renewal = renewals_;
}

void log_segments::leave_old() {
  {
    const std::lock_guard lock(mutex_);
    if (!current_ || current_->renewal == renewals_)
      return;
  }
  leave_current(false);
}

bool log_segments::is_renewed() const {
  const std::lock_guard lock(mutex_);
  const auto is_old = [&](const log_segment& s) { return s.renewal < renewals_; };
  return to_renew_.empty() && leaving_.empty() && !(current_ && is_old(*current_)) &&
         std::none_of(written_.begin(), written_.end(), is_old) &&
         std::none_of(fresh_.begin(), fresh_.end(), is_old);
}

bool log_segments::awaits_segment() const {
  const std::lock_guard lock(mutex_);
  return fresh_.empty() && !no_room_;
}

/// Writes zeros behind the head of one. True: it had one to write to.
bool log_segments::renew_one() {
  const std::lock_guard making(making_);
  std::optional<log_segment> s;
  std::uint64_t renewal = 0;
  {
    const std::lock_guard lock(mutex_);
    if (to_renew_.empty())
      return false;
    s = std::move(to_renew_.back());
    to_renew_.pop_back();
    renewal = renewals_;
    if (s->failed || s->size != options_.segment_size ||
        fresh_.size() >= options_.spare + fresh_beyond) {
      leaving_.push_back(std::move(s->name));
      return true;
    }
  }
  const auto done = fill_with_zeros(*s->file, log_block, s->size);
  const std::lock_guard lock(mutex_);
  if (!done) {
    log::warn("commit_log_segment_not_renewed", {{"reason", done.error().message}});
    leaving_.push_back(std::move(s->name));
    return true;
  }
  s->used = false;
  s->renewal = renewal;
  fresh_.push_back(std::move(*s));
  return true;
}

/// Nothing in it counts any more.
void log_segments::retire(log_segment s) {
  if (s.failed || s.size != options_.segment_size ||
      fresh_.size() >= options_.spare + fresh_beyond) {
    leaving_.push_back(std::move(s.name));
    return;
  }
  s.at = log_block;
  s.last = 0;
  s.unsynced = false;
  (s.renewal < renewals_ ? to_renew_ : fresh_).push_back(std::move(s));
}

void log_segments::reclaim() {
  const auto folded = [&](const log_segment& s) { return s.last <= folded_; };
  if (std::none_of(written_.begin(), written_.end(), folded) || !directory_.may_reuse())
    return;
  std::vector<log_segment> stay;
  for (auto& s : written_) {
    if (folded(s))
      retire(std::move(s));
    else
      stay.push_back(std::move(s));
  }
  written_ = std::move(stay);
}

void log_segments::release(log_sequence folded) {
  const std::lock_guard lock(mutex_);
  folded_ = std::max(folded_, folded);
  for (; !unfolded_.empty() && unfolded_.front().last <= folded_; unfolded_.pop_front())
    unfolded_bytes_ -= unfolded_.front().bytes;
  reclaim();
  pass_ = 0;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────

void log_segments::open(log_segment s) {
  const std::lock_guard lock(mutex_);
  current_ = std::make_unique<log_segment>(std::move(s));
}

bool log_segments::open_ready() {
  const std::lock_guard lock(mutex_);
  if (fresh_.empty())
    reclaim();
  if (fresh_.empty())
    return false;
  current_ = std::make_unique<log_segment>(std::move(fresh_.back()));
  fresh_.pop_back();
  return true;
}

result<void> log_segments::make_room(std::uint64_t bytes, bool small_will_do) {
  if (current_ && current_->at + bytes <= current_->size)
    return {};
  if (current_)
    leave_current(false);
  if (!small_will_do && unfolded() >= options_.unfolded_max * hopeless_factor)
    return fail({error_kind::full, where,
                 "the commit log has no room: what it holds cannot be moved into the tables"});
  const auto size = log_block + bytes;
  if (size <= options_.segment_size && open_ready())
    return {};
  const std::lock_guard making(making_);
  if (size <= options_.segment_size && open_ready()) { // It was being made.
    note_wait();
    return {};
  }
  auto made = make(std::max(size, options_.segment_size));
  if (!made && small_will_do && made.error().kind == error_kind::full)
    made = make(size);
  if (!made)
    return made.failure();
  open(std::move(*made));
  note_wait();
  return {};
}

void log_segments::note_wait() {
  const std::lock_guard lock(mutex_);
  ++waits_;
}

void log_segments::wrote(std::uint64_t bytes, log_sequence last, bool synced) {
  const std::lock_guard lock(mutex_);
  current_->at += bytes;
  current_->last = last;
  current_->used = true;
  current_->unsynced = !synced; // A sync is one of the whole file.
  // One that was found at the start is written again, and counts once.
  if (!unfolded_.empty() && unfolded_.back().last == last)
    return;
  unfolded_.push_back({last, bytes});
  unfolded_bytes_ += bytes;
}

void log_segments::leave_current(bool broken) {
  const std::lock_guard lock(mutex_);
  current_->failed = current_->failed || broken;
  written_.push_back(std::move(*current_));
  current_.reset();
}

result<void> log_segments::sync() {
  std::vector<log_segment*> to_sync;
  {
    const std::lock_guard lock(mutex_);
    if (lost_)
      return fail(*lost_);
    for (auto& s : written_)
      if (s.unsynced)
        to_sync.push_back(&s);
    if (current_ && current_->unsynced)
      to_sync.push_back(current_.get());
  }
  // No commit is under way, and nothing is released: they stay where they are.
  for (auto* s : to_sync) {
    auto done = s->file->sync();
    const std::lock_guard lock(mutex_);
    if (!done) {
      lost_ = done.error();
      return done;
    }
    s->unsynced = false;
  }
  return {};
}

// ── Figures ──────────────────────────────────────────────────────────────────────────────────

std::size_t log_segments::missing() const {
  const auto wanted = options_.spare + (current_ ? 0 : 1);
  return wanted - std::min(wanted, fresh_.size());
}

bool log_segments::wants_one() const {
  const std::lock_guard lock(mutex_);
  return missing() > 0 && pass_ == 0;
}

bool log_segments::waits_for_folding() const {
  return std::any_of(written_.begin(), written_.end(),
                     [&](const log_segment& s) { return s.last > folded_; });
}

std::size_t log_segments::unfolded() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      written_.begin(), written_.end(), [&](const log_segment& s) { return s.last > folded_; }));
}

bool log_segments::filling() const {
  const std::lock_guard lock(mutex_);
  return waits_for_folding();
}

bool log_segments::almost_full() const {
  const auto waiting = unfolded();
  if (waiting + 1 >= options_.unfolded_max)
    return true;
  const std::lock_guard lock(mutex_);
  return waiting > 0 && no_room_ && fresh_.empty() && current_ &&
         current_->at > current_->size / 4 * almost_full_quarters;
}

commit_log_metrics log_segments::metrics() const {
  const std::lock_guard lock(mutex_);
  return {.unfolded_bytes = unfolded_bytes_,
          .segments = written_.size() + fresh_.size() + to_renew_.size() + (current_ ? 1 : 0),
          .waits = waits_,
          .rewritten = 0};
}

} // namespace orderhub::journal
