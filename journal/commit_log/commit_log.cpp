#include "journal/commit_log/commit_log.hpp"

#include "journal/base/log.hpp"
#include "journal/commit_log/read_log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.commit_log";
constexpr auto unfinished = "segment.new";
/// More fresh segments than this beyond the spare ones are given back to the disk.
constexpr std::size_t fresh_beyond = 2;
/// Of the current segment's blocks, in quarters, from which on it counts as all but full.
constexpr std::uint64_t almost_full_quarters = 3;

std::string name_of_segment(std::uint64_t number) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "segment-%08llu",
                static_cast<unsigned long long>(number));
  return text.data();
}

std::uint64_t number_of_segment(const std::string& name) {
  return std::strtoull(name.c_str() + name.find('-') + 1, nullptr, 10);
}

} // namespace

commit_log::commit_log(log_directory& directory, commit_log_options options)
    : directory_(directory), options_(options) {}

// ── Starting ─────────────────────────────────────────────────────────────────────────────────

result<void> commit_log::start(const hub_id& hub, log_sequence after, const batch_visitor& take) {
  const std::lock_guard lock(mutex_);
  hub_ = hub;
  folded_ = after;
  auto found = read_log(directory_, hub, after);
  if (!found)
    return found.failure();
  for (const auto& batch : found->batches)
    if (auto taken = take(batch); !taken)
      return taken;
  epoch_ = found->newest_epoch + 1;

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
  for (const auto& s : found->segments) {
    auto file = directory_.open(s->name);
    if (!file)
      return file.failure();
    next_name_ = std::max(next_name_, number_of_segment(s->name) + 1);
    segment known{s->name, std::move(*file), s->bytes.size(), log_block, s->last, false};
    // Of an earlier size, or made for one large batch: it goes when its batches are folded.
    known.failed = known.size != options_.segment_size;
    // What a backup still wants to read is not written over, though it counts no more for us.
    if (known.last != 0 || !reuse)
      written_.push_back(std::move(known));
    else
      retire(std::move(known));
  }
  if (!found->batches.empty())
    if (auto again = append_now(found->batches.back(), true); !again)
      return again;
  top_up();
  return {};
}

void commit_log::top_up() {
  const auto wanted = options_.spare + (current_ ? 0 : 1);
  while (fresh_.size() < wanted) {
    auto made = make(options_.segment_size);
    if (!made) {
      log::warn("commit_log_without_spare_segment", {{"reason", made.error().message}});
      return;
    }
    fresh_.push_back(std::move(*made));
  }
}

// ── Segments ─────────────────────────────────────────────────────────────────────────────────

// Its blocks are written and synced before it has its name, and the name before it is used: a sync
// of a batch then has nothing to write but the batch, and a power cut takes no file away.
result<commit_log::segment> commit_log::make(std::uint64_t size) {
  static const std::string zeros(256U << 10U, '\0');
  auto file = directory_.create(unfinished);
  if (!file)
    return file.failure();
  const auto head = encode_segment_head(hub_, size);
  result<void> done = (*file)->write(0, head);
  for (std::uint64_t at = head.size(); done && at < size;) {
    const auto part = std::min<std::uint64_t>(zeros.size(), size - at);
    done = (*file)->write(at, std::string_view(zeros).substr(0, part));
    at += part;
  }
  if (done)
    done = (*file)->sync();
  auto name = name_of_segment(next_name_);
  if (done)
    done = directory_.rename(unfinished, name);
  if (done) {
    ++next_name_;
    done = directory_.sync();
  } else {
    (void)directory_.remove(unfinished);
  }
  if (!done)
    return done.failure();
  return segment{std::move(name), std::move(*file), size, log_block, 0, false};
}

result<commit_log::segment> commit_log::take_fresh(std::uint64_t bytes) {
  const auto size = log_block + bytes;
  if (size > options_.segment_size)
    return make(size);
  if (fresh_.empty())
    reclaim();
  if (fresh_.empty())
    return make(options_.segment_size);
  auto s = std::move(fresh_.back());
  fresh_.pop_back();
  return s;
}

/// Nothing in it counts any more.
void commit_log::retire(segment s) {
  if (!s.failed && s.size == options_.segment_size &&
      fresh_.size() < options_.spare + fresh_beyond) {
    s.at = log_block;
    s.last = 0;
    fresh_.push_back(std::move(s));
    return;
  }
  s.file.reset();
  if (auto removed = directory_.remove(s.name); !removed)
    log::warn("commit_log_segment_left", {{"reason", removed.error().message}});
}

void commit_log::reclaim() {
  const auto folded = [&](const segment& s) { return s.last <= folded_; };
  if (std::none_of(written_.begin(), written_.end(), folded) || !directory_.may_reuse())
    return;
  std::vector<segment> stay;
  for (auto& s : written_) {
    if (folded(s))
      retire(std::move(s));
    else
      stay.push_back(std::move(s));
  }
  written_ = std::move(stay);
}

void commit_log::release(log_sequence folded) {
  const std::lock_guard lock(mutex_);
  folded_ = std::max(folded_, folded);
  reclaim();
}

bool commit_log::waits_for_folding() const {
  return std::any_of(written_.begin(), written_.end(),
                     [&](const segment& s) { return s.last > folded_; });
}

bool commit_log::filling() const {
  const std::lock_guard lock(mutex_);
  return fresh_.size() < options_.spare && waits_for_folding();
}

bool commit_log::almost_full() const {
  const std::lock_guard lock(mutex_);
  return fresh_.empty() && current_ && current_->at > current_->size / 4 * almost_full_quarters &&
         waits_for_folding();
}

std::size_t commit_log::segments_in_use() const {
  const std::lock_guard lock(mutex_);
  return written_.size() + (current_ ? 1 : 0);
}

// ── Appending ────────────────────────────────────────────────────────────────────────────────

void commit_log::leave_current(bool broken) {
  current_->failed = current_->failed || broken;
  written_.push_back(std::move(*current_));
  current_.reset();
}

result<void> commit_log::write_to_current(const commit_batch& batch, bool sync) {
  encode_batch(hub_, epoch_, batch, buffer_);
  if (auto done = current_->file->write(current_->at, buffer_); !done)
    return done;
  if (sync)
    if (auto done = current_->file->sync(); !done)
      return done;
  current_->at += buffer_.size();
  current_->last = batch.last();
  return {};
}

result<void> commit_log::append(const commit_batch& batch, bool sync) {
  const std::lock_guard lock(mutex_);
  return append_now(batch, sync);
}

result<void> commit_log::append_now(const commit_batch& batch, bool sync) {
  if (dead_)
    return fail({error_kind::unavailable, where,
                 "a sync of the commit log failed twice; see to the disk and restart the hub"});
  if (batch.count == 0 || batch.row.size() > std::numeric_limits<std::uint32_t>::max() / 2)
    return fail({error_kind::invalid, where, "a batch without records, or above 2 GiB"});
  const auto bytes = blocks_of(batch);
  for (bool second = false;; second = true) {
    if (current_ && current_->at + bytes > current_->size)
      leave_current(false);
    if (!current_) {
      auto fresh = take_fresh(bytes);
      if (!fresh)
        return fresh.failure();
      current_ = std::make_unique<segment>(std::move(*fresh));
    }
    auto done = write_to_current(batch, sync);
    if (done)
      return {};
    // What is on disk of it stays below what is written from here on, by its epoch.
    ++epoch_;
    leave_current(true);
    if (!second) {
      log::error("commit_log_write_failed", {{"reason", done.error().message}});
      continue;
    }
    dead_ = done.error().kind != error_kind::full;
    return done;
  }
}

} // namespace orderhub::journal
