#pragma once
#include "journal/answer_index.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/random.hpp"
#include "journal/base/result.hpp"
#include "journal/journal_options.hpp"
#include "journal/listing.hpp"
#include "journal/listing_rows.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::journal {

/// What of the lists changes in one transaction.
class listing_batch {
public:
  using count_changes = std::map<std::string, std::int64_t, std::less<>>;

  struct change {
    table t{};
    std::string key;
    std::optional<std::string> value; ///< Nothing: the row goes.
  };
  /// Rows so far.
  [[nodiscard]] std::size_t size() const { return changes.size(); }

  std::vector<change> changes;
  count_changes counts;                        ///< To be added.
  std::map<std::string, count_changes> wholes; ///< Parts that have a mark, by the whole's digest.
  std::optional<listing_state> after;          ///< Once it is written.
  answer_batch answers;
};

/// Keeps the lists (`ls`, `rf`, marks, invocations and answers in `ix`, the counts in `mt`) as the
/// objects say, in the transactions that write those: what folding changes, and in slices of its
/// own what was there before there were lists, or was listed by other rules. An object that is set
/// aside stays in the tables as it was listed last; readers pass over it.
///
/// The folder's thread alone, but for `damaged`.
class listing_index {
public:
  /// None of these is owned; all outlive it.
  listing_index(store& tables, const journal_options& options, aside_objects& aside)
      : tables_(tables), options_(options), aside_(aside) {}

  /// What the tables hold; before anything is folded. Fails with `corrupt`.
  [[nodiscard]] result<void> start(random_source& random);

  // ── While objects are folded ──

  /// What is listed of the object (its key in `ob`), where folding is to keep that.
  [[nodiscard]] std::optional<listing> of(std::string_view key, const object_state& state) const;
  /// Its row changes in this transaction, and with it what is listed.
  void change(const object_id& id, const std::optional<listing>& before,
              const std::optional<listing>& now, listing_batch& batch) const;
  /// A row of `iv` is written, or goes.
  void add_invocation(const object_id& object, const invocation_id& id, listing_batch& batch) const;
  void drop_invocation(const object_id& object, const invocation_id& id,
                       listing_batch& batch) const;
  /// A record is folded: a call of the invocation may have been answered, or have made something.
  void add_answer(const invocation_id& id, record_kind kind, std::string_view payload, unix_ms at,
                  listing_batch& batch) const;
  /// Writes all of it; once in a transaction.
  [[nodiscard]] result<void> write(write_transaction& txn, listing_batch& batch);
  /// It was committed.
  void note(const listing_batch& done);

  /// As `answer_index::trim`, a slice of it.
  [[nodiscard]] result<std::optional<std::uint64_t>> trim_answers(unix_ms limit,
                                                                  std::uint64_t from);

  // ── What was there before ──

  [[nodiscard]] bool waits() const { return rebuild_ || state_.step != listing_step::done; }
  /// The next piece, in a transaction of its own. Failed, it can be repeated.
  [[nodiscard]] result<void> slice();

  /// A reader has met a row that it cannot read: all lists are made anew. Any thread.
  void damaged(table t, std::string_view key, const error& why);
  /// The marks of a whole once so many parts more have each; nothing where that changes none. Adds
  /// to `counts` what changes by that. `rows`: null where what they have of wholes does not count.
  /// Any thread.
  [[nodiscard]] result<std::optional<parts_marked>>
  whole_after(const reader* rows, const std::string& digest,
              const listing_batch::count_changes& changes, listing_batch::count_changes& counts);

private:
  /// Of a mark of a whole counts whether any part has it; adds to `counts` what changes by that.
  [[nodiscard]] result<void> write_wholes(write_transaction& txn, const listing_batch& batch,
                                          listing_batch::count_changes& counts);
  [[nodiscard]] result<void> drop();
  [[nodiscard]] result<void> take_objects();
  [[nodiscard]] result<void> take_invocations();
  [[nodiscard]] result<void> commit(listing_batch& batch, const listing_state& next);

  store& tables_;
  const journal_options& options_;
  aside_objects& aside_;
  listing_state state_; ///< As committed,
  bool stored_ = true;  ///< or to be, with the first transaction.
  answer_index answers_;
  std::atomic<bool> rebuild_{false};
};

/// What the rules say of a state, in order and within the bounds.
std::optional<listing> listing_of(const listing_rules& rules, const object_state& state);
/// Adds what it counts, or takes it away.
void add_counts(const listing& l, std::int64_t by, listing_batch::count_changes& counts,
                std::map<std::string, listing_batch::count_changes>& wholes);
/// The rows that it has, but for counts.
using listing_rows = std::map<std::pair<table, std::string>, std::string>;
listing_rows rows_of(const listing& l, const object_id& id, const listing_secret& secret);

/// How far the lists are made, of 1; nothing: all of it. `state`: nothing where there is none yet.
result<std::optional<double>> share_listed(const reader& rows,
                                           const std::optional<listing_state>& state);
/// Nothing where there is none.
result<std::optional<listing_state>> listing_state_in(const reader& rows);

} // namespace orderhub::journal
