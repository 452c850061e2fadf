#include "journal/commit_log/commit_log.hpp"

#include "journal/base/log.hpp"
#include "journal/commit_log/read_log.hpp"

#include <limits>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.commit_log";

} // namespace

result<void> commit_log::start(const log_id& id, log_sequence after, const batch_visitor& take) {
  id_ = id;
  auto found = read_log(directory_, id, after);
  if (!found)
    return found.failure();
  for (const auto& batch : found->batches)
    if (auto taken = take(batch); !taken)
      return taken;
  epoch_ = found->newest_epoch + 1;
  if (!found->batches.empty()) {
    const auto& last = found->batches.back();
    doubtful_ =
        kept_batch{last.first, last.count, std::string(last.boot_id), std::string(last.row)};
  }
  return segments_.start(id, after, *found);
}

// Its sync may never have succeeded: the process was killed before, or the sync had failed and the
// kernel shows bytes that the disk does not have. All before it were acknowledged.
result<void> commit_log::settle() {
  if (doubtful_) {
    const auto& b = *doubtful_;
    if (auto done = write_whole({b.first, b.count, b.boot_id, b.row}, true, true); !done)
      return done;
    doubtful_.reset();
  }
  return segments_.ensure_any();
}

result<void> commit_log::append(const commit_batch& batch, bool sync) {
  if (doubtful_)
    if (auto settled = settle(); !settled)
      return settled;
  return write_whole(batch, sync, false);
}

result<void> commit_log::write_whole(const commit_batch& batch, bool sync, bool small_will_do) {
  if (dead_)
    return fail({error_kind::unavailable, where,
                 "a sync of the commit log failed twice; see to the disk and restart the hub"});
  if (batch.count == 0 || batch.row.size() > std::numeric_limits<std::uint32_t>::max() / 2)
    return fail({error_kind::invalid, where, "a batch without records, or above 2 GiB"});
  for (bool second = false;; second = true) {
    if (auto room = segments_.make_room(blocks_of(batch), small_will_do); !room)
      return room;
    auto done = write_to_current(batch, sync);
    if (done) {
      rewritten_ += second ? 1 : 0;
      return {};
    }
    // What is on disk of it stays below what is written from here on, by its epoch.
    ++epoch_;
    segments_.leave_current(true);
    if (!second) {
      log::error("commit_log_write_failed", {{"reason", done.error().message}});
      continue;
    }
    dead_ = done.error().kind != error_kind::full;
    return done;
  }
}

result<void> commit_log::write_to_current(const commit_batch& batch, bool sync) {
  auto& segment = *segments_.current();
  encode_batch(id_, epoch_, batch, buffer_);
  if (auto done = segment.file->write(segment.at, buffer_); !done)
    return done;
  if (sync)
    if (auto done = segment.file->sync(); !done)
      return done;
  segments_.wrote(buffer_.size(), batch.last(), sync);
  return {};
}

commit_log_metrics commit_log::metrics() const {
  auto m = segments_.metrics();
  m.rewritten = rewritten_;
  return m;
}

} // namespace orderhub::journal
