#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/commit_log/batch.hpp"
#include "journal/commit_log/log_directory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace orderhub::journal {

struct commit_log_options {
  /// Of a segment, its head included; a batch that is larger has a segment of its own.
  std::uint64_t segment_size = 8U << 20U;
  std::size_t spare = 2; ///< Segments that are ready beside the one that is written to.
};

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
///
/// `append` is one thread's; after `start` the others are any thread's. FORMAT.md has its bytes,
/// and why every power cut leaves a prefix.
class commit_log {
public:
  /// Does not own `directory`.
  explicit commit_log(log_directory& directory, commit_log_options options = {});

  using batch_visitor = std::function<result<void>(const commit_batch&)>;
  /// Once, before anything else: gives `take` what is there behind `after`, the LSN up to which the
  /// tables have everything, and makes ready for the next batch. The last one that was found is
  /// written again, whole and under a new epoch: its sync may never have succeeded, and from here
  /// on somebody may rely on it. Fails with what `take` fails with, or like `read_log`.
  [[nodiscard]] result<void> start(const hub_id& hub, log_sequence after,
                                   const batch_visitor& take);
  /// Its `first` follows the last one's end. On success it is on disk; on failure (`full`,
  /// `unavailable`) it is not acknowledged, though a start may find it. With `sync` off only the
  /// operating system has it.
  [[nodiscard]] result<void> append(const commit_batch& batch, bool sync = true);
  /// Everything up to this LSN is in the tables, which are synced: segments with nothing newer may
  /// be used again.
  void release(log_sequence folded);

  /// The segments at hand go out: a checkpoint is due. Cheap.
  [[nodiscard]] bool filling() const;
  /// A commit may soon have to make a segment: folding comes before commits.
  [[nodiscard]] bool almost_full() const;
  /// Segments that hold what is not released, that written to included.
  [[nodiscard]] std::size_t segments_in_use() const;

private:
  struct segment {
    std::string name;
    std::unique_ptr<log_file> file;
    std::uint64_t size = 0;
    std::uint64_t at = log_block; ///< Where the next batch goes.
    log_sequence last = 0;        ///< LSN of its newest acknowledged record; 0: it has none.
    bool failed = false;          ///< A write or sync of it has failed: never written to again.
  };
  [[nodiscard]] result<segment> make(std::uint64_t size);
  /// An empty one with room for so many bytes.
  [[nodiscard]] result<segment> take_fresh(std::uint64_t bytes);
  [[nodiscard]] result<void> append_now(const commit_batch& batch, bool sync);
  void top_up();
  [[nodiscard]] bool waits_for_folding() const;
  void reclaim();
  void retire(segment s);
  [[nodiscard]] result<void> write_to_current(const commit_batch& batch, bool sync);
  /// The current one is not written to any more. `broken`: it is not to be trusted.
  void leave_current(bool broken);

  log_directory& directory_;
  const commit_log_options options_;
  mutable std::mutex mutex_; ///< Of what follows.
  hub_id hub_{};
  std::uint64_t epoch_ = 0;
  std::uint64_t next_name_ = 1;
  log_sequence folded_ = 0;
  std::unique_ptr<segment> current_; ///< Null: the next batch takes a fresh one.
  std::vector<segment> written_;     ///< Before it, with something that may not be folded.
  std::vector<segment> fresh_;
  std::string buffer_;
  bool dead_ = false; ///< A sync failed in a fresh segment too.
};

} // namespace orderhub::journal
