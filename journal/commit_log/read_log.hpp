#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/commit_log/batch.hpp"
#include "journal/commit_log/log_directory.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// A segment as it was found.
struct found_segment {
  std::string name;
  std::string bytes;
  /// LSN of the newest record of its batches that count; 0: none does, and it may be used again.
  log_sequence last = 0;
};

/// The batches of a commit log behind an LSN, in order and without a gap.
struct found_log {
  std::vector<std::unique_ptr<found_segment>> segments; ///< By name.
  std::vector<commit_batch> batches;                    ///< Their views point into `segments`.
  std::uint64_t newest_epoch = 0; ///< Of every whole batch, counting or not; 0: there is none.
};

/// Whether a file of the directory is a segment.
bool is_segment(std::string_view name);

/// Reads every segment. Of batches with one number that of the highest epoch counts; those up to
/// `after` are in the tables and do not. `corrupt`: a segment's head is damaged or of another log,
/// or a batch is missing while a later one is there. That a batch is whole says nothing of whether
/// it was ever acknowledged: the last one may not have been.
result<found_log> read_log(log_directory& directory, const log_id& id, log_sequence after);

} // namespace orderhub::journal
