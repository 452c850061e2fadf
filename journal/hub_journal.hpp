#pragma once
#include "journal/base/hash.hpp"
#include "journal/base/histogram.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/compact_run.hpp"
#include "journal/journal_options.hpp"
#include "journal/key.hpp"
#include "journal/listing.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/past_invocations.hpp"
#include "journal/turn.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

class commit_log;
class store;

/// A request seen before under an `idempotency-key`: its row.
using seen_request = request_row;

struct journal_metrics {
  log_sequence first_lsn = 0; ///< Oldest record still in the log; 0: empty.
  log_sequence last_lsn = 0;
  log_sequence checkpoint_lsn = 0; ///< Everything up to here is in rows.
  std::uint64_t overlay_bytes = 0;
  std::uint64_t overlay_objects = 0;
  std::uint64_t commits = 0, records = 0, slices = 0;
  std::int64_t longest_commit_us = 0, longest_slice_us = 0;
  histogram_values commit_took = {}; ///< Of commits of some record.
  histogram_values commit_records = {};
  histogram_values slice_took = {};
  std::uint64_t rows_objects = 0, rows_invocations = 0; ///< In the tables, without the overlay.
  std::uint64_t objects_set_aside = 0;
  // Of the commit log; 0 where there is none.
  std::uint64_t log_bytes = 0;             ///< Of batches that are not folded.
  std::uint64_t log_segments = 0;          ///< Files, those that are ready included.
  std::uint64_t log_segment_waits = 0;     ///< Commits for which a segment had to be made first.
  std::uint64_t log_batches_rewritten = 0; ///< Because a write or sync had failed.
};

/// The hub's journal: log, rows, and the overlay of what was committed since the last checkpoint.
/// Reads may come from any thread and see the last commit; `commit` and `maintain` come from one
/// thread, the writer; with a commit log from one each. Takes its time from the records; has no
/// threads and no clock of its own.
///
/// An object whose row (or record) is damaged is *set aside* as soon as that is met: named once in
/// an error event, refused by every read, and moved, row and records, byte for byte, to a table of
/// its own, so that the others are folded and the log is trimmed. What is committed for it later
/// follows it there when it is folded; a record that also speaks of another object takes its effect
/// in that one. A damaged row of an index is made again from the objects. Other damaged rows stay
/// where they are, and what needs them fails. A damaged log above the checkpoint is refused by
/// `open`: nobody can say whose record it was.
class hub_journal {
public:
  /// Opens, makes the hub id on first use, reads the log from the checkpoint on. `corrupt`: damaged
  /// or of a newer format. Owns neither `tables` nor `log`. With a commit log, which must not have
  /// been started, commits go there, and to the tables what they come to; without one the log is a
  /// table too, and a journal that ever had a commit log is refused.
  ///
  /// A commit log that finds no room for what a start has to write is no failure: see `settle`.
  static result<std::unique_ptr<hub_journal>>
  open(store& tables, journal_options options, random_source& random, commit_log* log = nullptr);
  virtual ~hub_journal() = default;

  [[nodiscard]] virtual const hub_id& hub() const = 0;
  /// Time of the newest record ever committed.
  [[nodiscard]] virtual unix_ms last_time() const = 0;
  /// That, and when the newest commit was made by the machine's boot clock: after `open`, of the
  /// run before.
  [[nodiscard]] virtual journal_stamp last_stamp() const { return {last_time(), 0, {}}; }

  /// Whether the object is set aside: `load` fails with `corrupt`, and what is committed for it
  /// takes no effect on it. Cheap.
  [[nodiscard]] virtual bool set_aside(const object_id& /*id*/) const { return false; }

  /// The object as of the last commit; a blank state where nothing is known of it. `finished` is
  /// always empty: `find_invocation` has those. `corrupt`: it is set aside, now or before.
  [[nodiscard]] virtual result<object_state> load(const object_id& id) const = 0;
  /// Whether the invocation is known, without building its object.
  [[nodiscard]] virtual result<bool> knows_invocation(const invocation_id& id) const = 0;
  /// Live or finished, until its retention ends.
  [[nodiscard]] virtual result<std::optional<invocation_row>>
  find_invocation(const invocation_id& id) const = 0;
  /// Also for a while after `expires_at`: the caller, which has a clock, compares.
  [[nodiscard]] virtual result<std::optional<seen_request>>
  find_request(const digest& scope) const = 0;
  /// Objects for which `needs_resume` holds; none that is set aside.
  [[nodiscard]] virtual result<std::vector<object_id>> resumable() const = 0;
  /// Keys of a service's objects that begin with `prefix`, ascending, behind `after`, at most
  /// `limit`. One of them may be blank by now.
  [[nodiscard]] virtual result<std::vector<std::string>> keys_of(std::string_view service,
                                                                 std::string_view prefix,
                                                                 std::string_view after,
                                                                 std::size_t limit) const = 0;
  /// Timers with `due_at` <= `until`, soonest first, at most `limit`; none of an object that is set
  /// aside.
  [[nodiscard]] virtual result<std::vector<timer_row>> timers(unix_ms until,
                                                              std::size_t limit) const = 0;
  /// What people did, newest first; for as long as `action_retention_ms`.
  [[nodiscard]] virtual result<std::vector<recorded_action>>
  actions(const action_search& /*search*/) const {
    return std::vector<recorded_action>();
  }

  // Lists (`journal_options::lists`), each as of the last commit, of all objects that can be read.
  // While they are made of what was there before (`listing_share`), they have a part of it. Without
  // rules they are empty.

  /// From the place on (without it: from the newest), those that `take` wants, at most `most`, of
  /// at most `rows` that are looked at. `take` is pure and quick.
  [[nodiscard]] virtual result<listed_page>
  listed(const std::optional<listing_place>& /*behind*/, std::size_t /*rows*/, std::size_t /*most*/,
         const std::function<bool(const listed_object&)>& /*take*/) const {
    return listed_page();
  }
  /// Objects with one of these marks, behind `behind`, at most `most`: the longest first. One that
  /// has several is there for each.
  [[nodiscard]] virtual result<marked_page> marked(std::span<const std::string> /*marks*/,
                                                   const std::optional<listing_place>& /*behind*/,
                                                   std::size_t /*most*/) const {
    return marked_page();
  }
  /// Objects with that mark, the other way: the newest first, behind `behind` (without it from the
  /// newest on).
  [[nodiscard]] virtual result<marked_page>
  newest_marked(std::string_view /*mark*/, const std::optional<listing_place>& /*behind*/,
                std::size_t /*most*/) const {
    return marked_page();
  }
  /// Objects with that text among their keys, at most `most`.
  [[nodiscard]] virtual result<std::vector<listed_object>> bearing(std::string_view /*text*/,
                                                                   std::size_t /*most*/) const {
    return std::vector<listed_object>();
  }
  /// What is listed of one object; nothing where it is in no list.
  [[nodiscard]] virtual result<std::optional<listed_object>>
  listing_of(const object_id& /*id*/) const {
    return std::optional<listed_object>();
  }
  [[nodiscard]] virtual result<listing_counts> counts() const { return listing_counts(); }
  /// How far the lists are made of what was there before them, of 1; nothing: all of it is in.
  [[nodiscard]] virtual result<std::optional<double>> listing_share() const {
    return std::optional<double>();
  }
  /// Finished invocations of these objects, the newest `most` of each; nothing where no list of
  /// them is whole.
  [[nodiscard]] virtual result<std::optional<past_invocations>>
  past_of_objects(std::span<const object_id> /*objects*/, std::size_t /*most*/) const {
    return std::optional<past_invocations>();
  }
  /// Of which a vendor called a call, or what it made, by that id, live or finished, among all that
  /// are kept; at most `most`. `is_whole` is false where more is not folded than is looked at, and
  /// while the lists are made; without lists it is `journal::answered_as`.
  [[nodiscard]] virtual result<answered_invocations> answered_as(std::string_view /*id*/,
                                                                 std::size_t /*most*/) const {
    return answered_invocations();
  }
  [[nodiscard]] virtual journal_metrics metrics() const = 0;

  /// Whether what is read here may be acted upon. False after an `open` that found no room to write
  /// the newest commit again, of which nobody knows whether it ever reached the disk: all of it can
  /// be read, but no call may leave and nobody be promised anything that follows from it. Any
  /// thread; cheap.
  [[nodiscard]] virtual bool settled() const { return true; }
  /// Makes up for that. Fails like `commit`, and can be repeated. `commit`, `maintain` and
  /// `checkpoint_now` begin with it.
  [[nodiscard]] virtual result<void> settle() { return {}; }

  /// One sync. On success the records are moved out of `turns`; on failure
  /// (`full`: disk or map; `unavailable`: I/O) they are untouched, nothing was committed, and the
  /// same call may be made again. `invalid`: a record that cannot be stored (object or payload too
  /// long, payload unreadable), a bug of the caller's; again nothing was committed.
  [[nodiscard]] virtual result<void> commit(std::vector<turn>& turns) = 0;
  /// One slice of checkpoint, trimming or retention where one is due at `now`. True: more waits.
  /// Commits carry slices of the first two along, so this is for quiet times, for when folding is
  /// behind, and, now and then, for retention.
  /// Fails like `commit`, and can be repeated.
  ///
  /// With a commit log commits carry nothing along and wait for no slice (`folds_beside`): then
  /// this may be called from another thread than `commit`, always the same one, with
  /// `checkpoint_now`.
  [[nodiscard]] virtual result<bool> maintain(unix_ms now) = 0;
  /// `maintain` is for a thread of its own, which also begins checkpoints.
  [[nodiscard]] virtual bool folds_beside() const { return false; }
  /// Then: something is to be made ready before the commits to come need it. Cheap.
  [[nodiscard]] virtual bool wants_maintenance() const { return false; }
  /// Folding has fallen behind: the writer should call `maintain` until it has not, before it takes
  /// more. Cheap.
  [[nodiscard]] virtual bool behind() const { return false; }
  /// Less than a checkpoint's is waiting to be folded: a large record would hold nobody up. Any
  /// thread.
  [[nodiscard]] virtual bool has_room() const { return true; }
  /// Begins to take what is free and what is folded out of the journal's files (compaction.hpp):
  /// the next calls of `maintain` do it, and commits and reads go on. Any thread; returns at once.
  /// `unavailable`: one runs already; `invalid`: this journal has no commit log.
  [[nodiscard]] virtual result<void> compact() {
    return fail({error_kind::invalid, "journal.compact", "this journal has no commit log"});
  }
  /// The one that runs, or the last one since `open`; nothing: there was none. Any thread.
  [[nodiscard]] virtual std::optional<compact_run> compacted() const { return {}; }
  /// Folds everything that is left, slice by slice, for a quick next start. A compaction that runs
  /// is given up.
  [[nodiscard]] virtual result<void> checkpoint_now(unix_ms now) = 0;
};

} // namespace orderhub::journal
