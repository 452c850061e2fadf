#pragma once
#include "journal/base/time.hpp"
#include "journal/inspect/dump.hpp"
#include "journal/listing.hpp"

#include <cstddef>
#include <iosfwd>
#include <string>

/// What `orderhub journal` does. All but `compact` reads a journal only, and works beside a running
/// hub. Each returns the program's exit status: 0 as it should be, 1 damage was found, 2 it could
/// not be done (the reason is on `out`'s last line, or on `errors` where there is one), `id_taken`.
namespace orderhub::journal::tool {

/// Another process reads or writes the journal under the very id that this one has, which in
/// containers that share a volume is no rarity: nothing was done or printed, and the same in a
/// process of another id works (`lmdb_store::open`).
inline constexpr int id_taken = 75; // EX_TEMPFAIL

/// Walks everything in a child process, because LMDB can crash on a damaged page, and prints what
/// it found. The caller should have no other threads. `lists`: as `verify_tables`.
int verify(const std::string& directory, std::ostream& out, const listing_rules* lists = nullptr);
/// One JSON line a record and row.
int dump(const std::string& directory, const dump_options& options, std::ostream& out,
         std::ostream& errors);
/// One JSON object with figures.
int stats(const std::string& directory, std::ostream& out);
struct backup_options {
  /// The copy is walked as `verify` walks a journal; where that finds anything, the copy stays, the
  /// backup has not succeeded, and no older one is removed.
  bool verify = false;
  /// Not 0: `to` is a directory (made where it is absent) in which the copy gets a folder of its
  /// own, and only so many of the whole ones there stay (`kept_copies.hpp`), the newest.
  std::size_t keep = 0;
  const listing_rules* lists = nullptr; ///< As `verify`.
};
/// Copies the journal as of now, hub id included, into the directory `to`. The copy says in itself
/// that it is one, and that it was made `now` (wall clock): see `restored.hpp`. Nothing is made
/// where there is visibly no room for it.
int backup(const std::string& directory, const std::string& to, unix_ms now, std::ostream& out,
           const backup_options& options = {});

/// Has a directory that has no journal begin with the copy `from`, which is verified before (as
/// `verify`; 1 where it is damaged) and stays as it is. 2 where `to` is there and not empty, or
/// `from` does not say in itself that it is a copy: a hub on it would not know what it has
/// forgotten. Says what a hub does at its first start there. `only_looks`: copies nothing.
int restore(const std::string& from, const std::string& to, bool only_looks,
            const listing_rules* lists, std::ostream& out);

/// Folds everything, and takes out what is of no use but still in the files: `data.mdb` is written
/// anew without its free pages, segments of the commit log are cleared. So what was erased or
/// purged is in no file of the directory any more. For a journal that no hub runs on, and nobody
/// copies; wherever it is stopped, the journal is whole, and it can be run again. Needs room for a
/// second `data.mdb`. `lists`: the program's, for folding.
int compact(const std::string& directory, const listing_rules* lists, std::ostream& out);

} // namespace orderhub::journal::tool
