#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/checkpoint.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/compact_run.hpp"
#include "journal/overlay.hpp"
#include "journal/store.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::journal {

/// Takes what is free and what is folded out of the files of a journal with a commit log, beside
/// commits and readers:
///
///   1. commits go on in segments that hold nothing of before, and all before them is folded;
///   2. the tables are copied. Nothing is folded meanwhile, so that they stay as they are, and
///      commits pile up in the log. Where there are so many that they would have to wait for
///      folding (`checkpoint::behind`), the copy is given up and everything is as it was;
///   3. the copy takes the tables' place (store.hpp), and folding goes on;
///   4. old segments are written over with zeros.
///
/// Every end of the process before 3 leaves the tables as they were, every one after it the copy.
/// Of the folder's thread, but for what is said to be any thread's.
class compaction {
public:
  /// None of these is owned; all outlive it. `log`: null where the log is in the tables, and then
  /// there is no compaction. `commits` is held by each commit.
  compaction(store& tables, overlay& recent, checkpoint& folding, commit_log* log,
             std::mutex& commits)
      : tables_(tables), recent_(recent), folding_(folding), log_(log), commits_(commits) {}

  // ── Any thread ──

  /// Begins one, with the next `step`. `unavailable`: one runs; `invalid`: there is no commit log.
  [[nodiscard]] result<void> ask();
  /// The one that runs, or the last one.
  [[nodiscard]] std::optional<compact_run> seen() const;

  // ── The folder's thread ──

  /// What the next slices are to do.
  enum class turn_of : std::uint8_t {
    all,     ///< As ever.
    folding, ///< A checkpoint is under way for it: at once, and nothing else.
    nobody,  ///< Nothing may be written to the tables.
  };
  /// Does what can be done at once. Between two calls `make_ready` of the log, and, but for
  /// `nobody`, a slice.
  [[nodiscard]] turn_of step(unix_ms now);
  /// Ends one that runs; tables that are not replaced stay as they were.
  void give_up(std::string why, unix_ms now);

private:
  [[nodiscard]] turn_of fold(unix_ms now);
  [[nodiscard]] turn_of copy(unix_ms now);
  [[nodiscard]] turn_of renew(unix_ms now);
  void end(std::string failed, unix_ms now);
  template <class Change>
  void change(Change&& change);

  store& tables_;
  overlay& recent_;
  checkpoint& folding_;
  commit_log* const log_;
  std::mutex& commits_;

  mutable std::mutex mutex_; ///< Guards the next one.
  std::optional<compact_run> run_;

  std::optional<log_sequence> last_before_; ///< What was committed before it ends there.
  unsigned waited_ = 0;                     ///< Steps, for a segment.
  unix_ms replaced_at_ = 0;
  std::unique_ptr<table_copy> copy_;
};

} // namespace orderhub::journal
