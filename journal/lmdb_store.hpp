#pragma once
#include "journal/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace orderhub::journal {

struct lmdb_options {
  /// Address space reserved for the file, which is sparse and grows as it is written. Halved until
  /// the operating system grants it. Commits that need more fail with `full`.
  std::uint64_t map_size = 1ULL << 40U;
  /// For `orderhub journal`: creates nothing, takes no lock of ours, works beside a running hub.
  bool read_only = false;
  /// How long `open` waits where this process's id is taken by a reader (`reader_id_taken`): the
  /// tools end by themselves.
  std::int64_t id_wait_ms = 30'000;
  /// What `begin_copy` wants free on the disk beside the copy's own bytes: while it is made the
  /// commit log grows.
  std::uint64_t room_beside = 64ULL << 20U;
  std::uint64_t room_lowest = 32ULL << 20U; ///< And what it leaves of the disk in any case.
};

/// `error::where` of an `open` or `read` that LMDB refused because a live process has registered as
/// a reader under the id that this process has too. They are in different pid namespaces (two
/// containers, one volume; the first process of each has the id 1). LMDB's table of readers knows a
/// process by its id alone, and a lock of the file that goes with the id, which the kernel keeps
/// for all namespaces, is what finds it out. A process with another id may try.
inline constexpr std::string_view reader_id_taken = "journal.reader_id";

/// What is known of the data file without looking through it.
struct store_figures {
  std::uint64_t file_bytes = 0; ///< With the room that is made ready behind the last page.
  std::uint64_t used_bytes = 0; ///< Up to the last page, free ones included.
  std::uint64_t live_bytes = 0; ///< Of pages that hold rows: about what a copy has.
  std::uint32_t readers = 0;    ///< Reading transactions that are open, of whatever process.
};

/// `store` on LMDB: `data.mdb` and `lock.mdb` (mode 0600) in a data directory (created with mode
/// 0700), and `orderhub.lock`, locked for as long as the store is open so that one process at a
/// time writes; it holds that process's id.
class lmdb_store final : public store {
public:
  /// `unavailable`: another process has it (the message names directory and process), or I/O, or
  /// `reader_id_taken`; to read, also where the directory cannot be written to while a hub runs on
  /// it (LMDB could not tell that hub which pages are being read);
  /// `corrupt`: not a journal, damaged, or of a newer format, and then nothing is changed;
  /// `full`: no room to create it; `invalid`: no such directory, or not ours to use.
  static result<std::unique_ptr<lmdb_store>> open(const std::string& directory,
                                                  lmdb_options options = {});
  ~lmdb_store() override;

  result<std::unique_ptr<write_transaction>> begin_write(bool sync) override;
  [[nodiscard]] result<std::unique_ptr<reader>> read() const override;

  /// In the directory `compacted` of the data directory, whose files then take the place of
  /// `data.mdb` and `lock.mdb` (FORMAT.md). It is made at the least priority, and gives up with
  /// `full` where the disk is left less than `room_lowest`. `full`, too: there is less room than
  /// `room_for_copy` says.
  [[nodiscard]] result<std::unique_ptr<table_copy>> begin_copy() override;
  /// Bytes that a copy to take the file's place needs on its disk; fails like `figures`.
  [[nodiscard]] result<std::uint64_t> room_for_copy() const;
  /// Whether `data.mdb` is still the file that is open; not after another process has put a copy in
  /// its place. A reader that then goes on sees the tables as they were.
  [[nodiscard]] bool is_current() const;

  /// Copies the tables as of now, without free pages, into `directory`, which must not hold a
  /// journal yet. Does not stop a running hub, but its file cannot reuse pages meanwhile. `begun`
  /// is called soon after the moment as of which they are copied; `finish` may add to the copy
  /// before it gets its name.
  [[nodiscard]] result<void>
  copy_to(const std::string& directory, const std::function<void()>& begun = {},
          const std::function<result<void>(write_transaction& copy)>& finish = {}) const;
  /// Bytes of the data file that are in use by pages, free ones included.
  [[nodiscard]] std::uint64_t used_bytes() const;
  /// Fails like `read`; reads one page a table.
  [[nodiscard]] result<store_figures> figures() const;
  /// For how long the oldest reading transaction, of whatever process, has been seen to be open by
  /// calls of this; `now` steady milliseconds. Pages that it sees are not used again before its
  /// end.
  [[nodiscard]] std::int64_t oldest_reader_ms(std::int64_t now) const;

private:
  struct impl;
  class lmdb_copy;
  explicit lmdb_store(std::unique_ptr<impl> p);
  std::unique_ptr<impl> impl_;
};

} // namespace orderhub::journal
