#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/journal_options.hpp"
#include "journal/key.hpp"
#include "journal/listing_index.hpp"
#include "journal/overlay.hpp"
#include "journal/set_aside.hpp"
#include "journal/slice_budget.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::journal {

/// Folds the frozen generation of the overlay into rows, object by object, and then trims the log
/// of what is in rows. Both in slices: one that rides on a commit and costs no sync of its own, or
/// one in a transaction that it has for itself; beside a commit log, which such a slice does not
/// hold up, it is many times as large, because each has a sync. The folder's thread alone
/// (overlay.hpp); `begin` and `begin_if_due` while no commit is under way, and `behind` from the
/// writer's.
class checkpoint {
public:
  /// What a slice did in its transaction, to be taken note of once that is committed.
  struct slice {
    bool folded = false;       ///< It did something of a checkpoint.
    std::size_t folded_to = 0; ///< Among the frozen generation's objects: those before are done.
    std::size_t part = 0;      ///< So many records of the next one are, too.
    std::optional<checkpoint_mark> ended; ///< It was the last one: where the checkpoint is now.
    std::optional<front_deleted> trimmed; ///< Of the log, where it trimmed.
    std::vector<std::string> moved;       ///< Digests of objects set aside in it.
    listing_batch lists;                  ///< What changed in lists.
  };

  /// None of these is owned; all outlive it. `log`: null where the log is in the tables. Of what a
  /// checkpoint has folded its segments are released.
  checkpoint(store& tables, const journal_options& options, overlay& recent, aside_objects& aside,
             listing_index& lists, commit_log* log)
      : tables_(tables), options_(options), recent_(recent), aside_(aside), lists_(lists),
        log_(log) {}

  /// The log holds rows up to the checkpoint.
  void trim_later() { trim_waits_ = true; }
  /// A slice has something to do.
  [[nodiscard]] bool waits() const { return recent_.frozen() != nullptr || trim_waits_; }
  /// Folding is to come before the next commit, or there will be no room for what is not folded.
  [[nodiscard]] bool behind() const;

  /// Begins a checkpoint where one is due. Fails like `begin`.
  [[nodiscard]] result<void> begin_if_due(unix_ms now);
  /// Begins one; with none under way. Fails like `commit_log::sync`.
  [[nodiscard]] result<void> begin();

  /// A slice small enough to ride on a commit. Failed, the transaction is of no use any more.
  [[nodiscard]] result<slice> ride_on(write_transaction& txn);
  /// It was committed. True: that ended a checkpoint.
  bool note(const slice& done);
  /// A slice with a transaction of its own. True: that ended a checkpoint.
  [[nodiscard]] result<bool> slice_alone();

private:
  /// Of the frozen generation, 0 to 1.
  [[nodiscard]] double folded_share() const;
  void learn_commit(std::int64_t us, std::size_t objects);
  void take_order();
  struct row_to_put {
    std::string key;
    std::string value;
  };
  [[nodiscard]] result<slice> slice_in(write_transaction& txn, slice_budget budget,
                                       front_limit trim);
  [[nodiscard]] result<slice> fold_in(write_transaction& txn, slice_budget budget);
  /// From the record `first` on; how many of them the row contains then.
  [[nodiscard]] result<std::size_t> fold_object(write_transaction& txn, const std::string& key,
                                                const std::vector<stored_record>& records,
                                                std::size_t first,
                                                std::vector<row_to_put>& invocations,
                                                listing_batch& lists, slice_budget& budget);
  [[nodiscard]] result<void> change_past(write_transaction& txn, const std::string& key,
                                         const object_state& state,
                                         std::vector<row_to_put>& invocations, listing_batch& lists,
                                         slice_budget& budget);

  store& tables_;
  const journal_options& options_;
  overlay& recent_;
  aside_objects& aside_;
  listing_index& lists_;
  commit_log* const log_;
  std::vector<const std::string*> order_; ///< Keys of the frozen generation, ascending.
  std::size_t at_ = 0;                    ///< So many of them are folded,
  std::size_t part_ = 0;                  ///< and so many records of the next.
  bool trim_waits_ = false;
  // What rows of a slice cost when they are written at its end, in microseconds, moving means.
  double invocation_put_us_ = 10; ///< A row of `iv`.
  double object_commit_us_ =
      20;                      ///< The commit, for each object folded, without `least_commit_us_`.
  double least_commit_us_ = 0; ///< What a commit takes at least; 0: none was made.
};

} // namespace orderhub::journal
