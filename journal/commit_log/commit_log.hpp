#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/commit_log/batch.hpp"
#include "journal/commit_log/log_directory.hpp"
#include "journal/commit_log/log_segments.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace orderhub::journal {

/// The newest part of the log, in front of the tables: one write and one sync a commit, into files
/// whose blocks are there already. What its batches say is folded into the tables, and then their
/// segments are used again.
///
///   - A batch is acknowledged only when a sync behind its write has succeeded, and the next one is
///     not written before. So of all that was ever written only the last batch can be doubtful.
///   - No byte of an acknowledged batch is written again before the tables have it, synced.
///   - After a failed write or sync the batch is written whole, under its number and a higher
///     epoch, into a fresh segment; the old one is written to no more. If that fails too, the log
///     takes no more batches until the next start; but where there was no room, the same call may
///     be made again.
///   - Nothing may follow from what a start has read before `settle` has succeeded: the last batch
///     may be one that was never synced.
///
/// `settle` and `append` are one thread's, `make_ready` and `release` one's, which may be another;
/// the others are any thread's after `start`. FORMAT.md has its bytes, and why every power cut
/// leaves a prefix.
class commit_log {
public:
  /// Does not own `directory`.
  explicit commit_log(log_directory& directory, commit_log_options options = {})
      : directory_(directory), segments_(directory, options) {}

  using batch_visitor = std::function<result<void>(const commit_batch&)>;
  /// Once, before anything else: gives `take` what is there behind `after`, the LSN up to which the
  /// tables have everything. Writes no batch and needs no room on disk. Fails with what `take`
  /// fails with, or like `read_log`.
  [[nodiscard]] result<void> start(const log_id& id, log_sequence after, const batch_visitor& take);
  /// Whether there is any segment: a log that once was settled has one for ever.
  [[nodiscard]] bool exists() const { return segments_.any(); }
  /// Writes the last batch that `start` has found again, whole, synced and under a new epoch, and
  /// makes the first segment where there is none. `full`: call again when there may be room; a few
  /// KB are enough for the batch.
  [[nodiscard]] result<void> settle();
  /// Its `first` follows the last one's end. On success it is on disk; on failure (`full`,
  /// `unavailable`) it is not acknowledged, though a start may find it. With `sync` off only the
  /// operating system has it.
  [[nodiscard]] result<void> append(const commit_batch& batch, bool sync = true);
  /// What was appended without a sync is on disk. For who is about to fold it, while no `append` is
  /// under way and nothing is released. Once it has failed it fails until the next start.
  [[nodiscard]] result<void> sync() { return segments_.sync(); }
  /// Makes a segment ahead of its use, where one is wanted. True: another one is. A failure is
  /// logged once, and tried again in later calls; commits go on as long as there is a segment.
  bool make_ready() { return segments_.make_ready(); }
  /// `make_ready` has something to make. Cheap.
  [[nodiscard]] bool wants_segment() const { return segments_.wants_one(); }
  /// Everything up to this LSN is in the tables, which are synced: segments with nothing newer may
  /// be used again.
  void release(log_sequence folded) { segments_.release(folded); }

  /// From now on no segment is used again before `make_ready` has written zeros over what it holds
  /// now. The folding thread's.
  void begin_renewal() { segments_.begin_renewal(); }
  /// The next batch goes into a segment that was made or renewed since. While no `append` is under
  /// way.
  void leave_old() { segments_.leave_old(); }
  /// None is ready for that; it would be made first, or `make_ready` makes one. Cheap.
  [[nodiscard]] bool awaits_segment() const { return segments_.awaits_segment(); }
  /// All that any segment held before `begin_renewal` is folded, released and out of its files.
  [[nodiscard]] bool is_renewed() const { return segments_.is_renewed(); }

  /// A whole segment waits for folding: a checkpoint is due. Cheap.
  [[nodiscard]] bool filling() const { return segments_.filling(); }
  /// Folding comes before commits: as many segments as there may be wait for it, or there is no
  /// room for more. Cheap.
  [[nodiscard]] bool almost_full() const { return segments_.almost_full(); }
  [[nodiscard]] commit_log_metrics metrics() const;

private:
  /// A batch that owns its bytes.
  struct kept_batch {
    log_sequence first = 0;
    std::uint32_t count = 0;
    std::string boot_id;
    std::string row;
  };
  [[nodiscard]] result<void> write_whole(const commit_batch& batch, bool sync, bool small_will_do);
  [[nodiscard]] result<void> write_to_current(const commit_batch& batch, bool sync);

  log_directory& directory_;
  log_segments segments_;
  log_id id_{};
  std::uint64_t epoch_ = 0;
  std::optional<kept_batch> doubtful_; ///< The last one that was found, until it is settled.
  std::string buffer_;
  bool dead_ = false; ///< A sync failed in a fresh segment too.
  std::atomic<std::uint64_t> rewritten_{0};
};

} // namespace orderhub::journal
