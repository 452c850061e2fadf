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

/// What the tables hold as a run begins.
struct recovered_journal {
  hub_id hub{};
  journal_position position;
  std::shared_ptr<generation> recent; ///< What the log holds above the checkpoint.
  bool trim_waits = false;            ///< The log holds rows up to the checkpoint.
};

/// Reads the log from the checkpoint on, and which objects are set aside into `aside`. Tables that
/// are all empty get the format and a hub id. The log is the table, and behind its rows, where one
/// is given, the commit log, which is started; a journal that had none before gets the format that
/// says so. `corrupt`: damaged, or of a newer format; a damaged log above the checkpoint too, since
/// nobody can say whose record it was; or a journal that has a commit log, and none is given.
result<recovered_journal> recover_journal(store& tables, random_source& random,
                                          aside_objects& aside, commit_log* log);

} // namespace orderhub::journal
