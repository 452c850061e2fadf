#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/random.hpp"
#include "journal/base/result.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/overlay.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <memory>

namespace orderhub::journal {

/// What tables and commit log hold as a run begins.
struct recovered_journal {
  hub_id hub{};
  journal_position position;
  std::shared_ptr<generation> recent; ///< What the log holds above the checkpoint.
  bool trim_waits = false;            ///< The log holds rows up to the checkpoint.
  /// Of the commit log. Beside a journal that had none it is new, and not in the tables yet.
  log_id log{};
  bool log_is_new = false;
  bool format_is_old = false; ///< The journal is not yet one that has a commit log.
};

/// Reads the log from the checkpoint on, and which objects are set aside into `aside`. Tables that
/// are all empty get the format and a hub id; to others nothing is written. The log is the table,
/// and behind its rows, where one is given, the commit log, which is started. `corrupt`: damaged,
/// or of a newer format; a damaged log above the checkpoint too, since nobody can say whose record
/// it was; or a journal that has a commit log, and none is given, or it is not there, or another
/// journal's.
result<recovered_journal> recover_journal(store& tables, random_source& random,
                                          aside_objects& aside, commit_log* log);

/// What there is to write, in this order, before the first batch, and before anything follows from
/// what was recovered: the log's id, so that from its first segment on it is known for this
/// journal's; the log's own part (`commit_log::settle`); and then the format that says that there
/// is a log, which from then on must be there. `full`: may be called again.
result<void> settle_journal(store& tables, commit_log& log, recovered_journal& journal);

} // namespace orderhub::journal
