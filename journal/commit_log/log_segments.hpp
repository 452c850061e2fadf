#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/commit_log/batch.hpp"
#include "journal/commit_log/log_directory.hpp"
#include "journal/commit_log/read_log.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::journal {

struct commit_log_options {
  /// Of a segment, its head included; a batch that is larger has a segment of its own.
  std::uint64_t segment_size = 8U << 20U;
  std::size_t spare = 2; ///< Segments that are made ready beside the one that is written to.
  /// So many with something that is not folded: commits wait for folding, which bounds the disk.
  /// Where folding cannot go on they do not wait, and with four times as many there is no room.
  std::size_t unfolded_max = 8;
};

struct commit_log_metrics {
  std::uint64_t unfolded_bytes = 0; ///< Of batches, as blocks, that are not in synced tables.
  std::uint64_t segments = 0;       ///< Files, those that are ready included.
  std::uint64_t waits = 0;          ///< Commits for which a segment had to be made first.
  std::uint64_t rewritten = 0;      ///< Batches written again because a write or sync had failed.
};

/// A file of the log, and how far it is written.
struct log_segment {
  std::string name;
  std::unique_ptr<log_file> file;
  std::uint64_t size = 0;
  std::uint64_t at = log_block; ///< Where the next batch goes.
  log_sequence last = 0;        ///< LSN of its newest acknowledged record; 0: it has none.
  bool failed = false;          ///< A write or sync of it has failed: never written to again.
  bool unsynced = false;        ///< It may hold acknowledged batches that no sync has followed.
  bool used = false;            ///< Behind its head there may be batches, of whatever time.
  std::uint64_t renewal = 0;    ///< So many had begun when it was known to hold none.
};

/// The commit log's files: the one that is written to, those before it that hold something that is
/// not folded, and those that are ready. One thread commits (`current` to `wrote`), one folds
/// (`make_ready`, `release`); it makes segments ahead, so that a commit hardly ever has to. No lock
/// is held over I/O but that of who makes a segment.
class log_segments {
public:
  /// Does not own `directory`.
  log_segments(log_directory& directory, commit_log_options options)
      : directory_(directory), options_(options) {}

  /// Once, before anything else. `id` is for heads of segments; `found` is what is there, behind
  /// `folded`. Needs no room on disk.
  [[nodiscard]] result<void> start(const log_id& id, log_sequence folded, const found_log& found);
  /// Whether there is a file at all.
  [[nodiscard]] bool any() const;

  // ── The thread that commits ──

  /// Null: none is open.
  [[nodiscard]] log_segment* current() { return current_.get(); }
  /// Has a current one with room for so many bytes. Where none is ready it waits for one that is
  /// being made, or makes it, which writes and syncs `segment_size` bytes at most, or `bytes` where
  /// those are more. `small_will_do`: where there is no room for that, one that has room for just
  /// these bytes.
  [[nodiscard]] result<void> make_room(std::uint64_t bytes, bool small_will_do);
  /// A batch stands in the current one, and is acknowledged. `synced`: it is on disk.
  void wrote(std::uint64_t bytes, log_sequence last, bool synced);
  /// The current one is not written to any more. `broken`: it is not to be trusted.
  void leave_current(bool broken);
  /// There is a file, if need be one made now.
  [[nodiscard]] result<void> ensure_any();
  /// Everything that is acknowledged is on disk. Once it has failed it fails for ever: no later
  /// sync would prove anything.
  [[nodiscard]] result<void> sync();
  /// While no commit is under way: the next batch goes into a segment that was renewed.
  void leave_old();

  // ── The thread that folds ──

  /// Segments that hold batches of before this are not used again before there are zeros behind
  /// their head: `make_ready` writes them.
  void begin_renewal();
  /// Behind the head of no segment there is anything of before.
  [[nodiscard]] bool is_renewed() const;
  /// `leave_old` would leave it to a commit to make a segment.
  [[nodiscard]] bool awaits_segment() const;

  /// Removes files that are not needed any more, and renews or makes a segment where one is wanted.
  /// True: another is. Where that failed it lets some calls pass before it tries again.
  bool make_ready();
  /// Everything up to this LSN is in the tables, which are synced.
  void release(log_sequence folded);

  // ── Any thread; cheap ──

  [[nodiscard]] bool wants_one() const;
  /// A whole segment waits for folding.
  [[nodiscard]] bool filling() const;
  /// Commits had better wait for folding: as many segments as there may be hold something that is
  /// not folded, or there was no room for another one.
  [[nodiscard]] bool almost_full() const;
  [[nodiscard]] commit_log_metrics metrics() const;

private:
  struct unfolded_batch {
    log_sequence last = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] result<log_segment> make(std::uint64_t size);
  void open(log_segment s);
  bool open_ready();
  void remove_left();
  bool renew_one();
  void note_wait();
  [[nodiscard]] std::size_t unfolded() const; ///< Segments before the current one.
  // With `mutex_`:
  [[nodiscard]] std::size_t missing() const;
  [[nodiscard]] bool waits_for_folding() const;
  void reclaim();
  void retire(log_segment s);

  log_directory& directory_;
  const commit_log_options options_;
  log_id id_{};

  /// Held by who makes a segment: there is one unfinished file. Taken before `mutex_`.
  std::mutex making_;
  std::uint64_t next_name_ = 1; ///< Of the next segment; with `making_`.

  mutable std::mutex mutex_; ///< Of what follows.
  log_sequence folded_ = 0;
  std::unique_ptr<log_segment> current_; ///< Set by the thread that commits.
  std::vector<log_segment> written_;     ///< Before it, with something that may not be folded.
  std::vector<log_segment> fresh_;
  std::vector<log_segment> to_renew_; ///< Nothing in them counts; not to be used as they are.
  std::vector<std::string> leaving_;  ///< Files to be removed.
  std::uint64_t renewals_ = 0;        ///< Begun.
  std::deque<unfolded_batch> unfolded_;
  std::uint64_t unfolded_bytes_ = 0;
  std::uint64_t waits_ = 0;
  std::optional<error> lost_; ///< Why `sync` has failed.
  bool no_room_ = false;      ///< The last try to make one ready has failed,
  unsigned pass_ = 0;         ///< and so many calls pass before the next.
};

} // namespace orderhub::journal
