#pragma once
#include "journal/base/time.hpp"
#include "journal/listing.hpp"

#include <cstddef>
#include <cstdint>

namespace orderhub::journal {

class change_feed;

struct journal_options {
  /// A checkpoint begins when the records not yet folded reach this size or this age.
  std::uint64_t checkpoint_bytes = 8U << 20U;
  std::int64_t checkpoint_interval_ms = 10'000;
  std::size_t slice_rows = 500; ///< Rows folded in one transaction, at most.
  std::int64_t slice_ms = 5;    ///< Time one slice takes, about; 0: rows alone count.
  /// A slice may end inside of one object, between two of its records, when so many of them are
  /// folded: an object that is called thousands of times a second holds no commit up.
  std::size_t part_records = 128;
  std::int64_t journal_retention_ms = 30LL * 24 * 3600 * 1000; ///< Of finished invocations.
  std::int64_t action_retention_ms = 400LL * 24 * 3600 * 1000; ///< Of what people did.
  bool sync = true; ///< Sync every commit; beside a commit log the tables are synced always.
  /// Says when a commit was made, for `last_stamp` of the next run; none: that is not known.
  /// Outlives the journal; asked from the thread that commits, and once by `open`.
  const boot_clock* boot = nullptr;
  /// What is listed, and how; null: nothing is, and lists that are there go. Outlives the journal.
  const listing_rules* lists = nullptr;
  /// Told of what every commit changed, and at the start of what is in no row yet; null: nobody is.
  /// Outlives the journal.
  change_feed* changes = nullptr;
};

} // namespace orderhub::journal
