#pragma once
#include "journal/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace orderhub::journal {

/// The tables, in the order of their numbers (FORMAT.md says what each holds).
enum class table : std::uint8_t {
  lg, ///< Log: LSN to the records of a commit.
  ob, ///< Objects: `service \0 key` to folded row.
  iv, ///< Invocations: id to object, status, journal.
  tm, ///< Timers by due time.
  rf, ///< HMAC of a text to the objects that are found by it.
  dd, ///< Request keys seen.
  ix, ///< Indexes, each with a prefix byte of its own.
  mt, ///< Format, hub id, checkpoint.
  sa, ///< Set aside: what could not be read, as it was.
  ls, ///< Lists: objects by their time.
};
constexpr std::size_t table_count = 10;

/// Two letters, as on disk and in the printer.
constexpr std::string_view name_of(table t) {
  constexpr std::string_view names[] = {"lg", "ob", "iv", "tm", "rf", "dd", "ix", "mt", "sa", "ls"};
  return names[static_cast<std::size_t>(t)];
}

/// Longest key a table takes: `service \0 key` at its largest.
constexpr std::size_t key_size_max = 511;

/// What a scan calls for each row, in ascending order of keys; false ends the scan. The views are
/// good during the call only, and the function must not write.
using row_visitor = std::function<bool(std::string_view key, std::string_view value)>;

/// How much `del_front` may delete.
struct front_limit {
  std::size_t rows = 0;
  std::size_t bytes = ~std::size_t{0}; ///< Of values; the row that passes it is still deleted.
};
struct front_deleted {
  std::size_t rows = 0;
  bool more = false; ///< The limit ended it: rows with key <= `last` are left.
};

/// The reading side of a transaction. Views it returns are good until the next write in the same
/// transaction or its end, whichever is first.
class reader {
public:
  virtual ~reader() = default;
  reader() = default;
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  [[nodiscard]] virtual result<std::optional<std::string_view>> get(table t,
                                                                    std::string_view key) const = 0;
  /// Rows with key >= `from`.
  [[nodiscard]] virtual result<void> scan(table t, std::string_view from,
                                          const row_visitor& visit) const = 0;
  /// Rows with key < `below`, in descending order; an empty one: from the last row on.
  [[nodiscard]] virtual result<void> scan_back(table t, std::string_view below,
                                               const row_visitor& visit) const = 0;
  /// Largest key; nothing in an empty table.
  [[nodiscard]] virtual result<std::optional<std::string_view>> last_key(table t) const = 0;
  /// Rows in the table.
  [[nodiscard]] virtual result<std::uint64_t> count(table t) const = 0;
};

/// The one writing transaction. Sees its own writes. After a failure it can only be dropped, which
/// leaves the store as it was before `begin_write`.
///
/// Failures, here and in `store`: `full` no room on disk or in the map, the same work may be tried
/// again; `unavailable` I/O error or a lock held elsewhere; `corrupt` damaged pages.
class write_transaction : public reader {
public:
  virtual result<void> put(table t, std::string_view key, std::string_view value) = 0;
  /// Like `put`, for a key above every other of its table; `invalid` if it is not.
  virtual result<void> append(table t, std::string_view key, std::string_view value) = 0;
  /// True: there was such a row.
  virtual result<bool> del(table t, std::string_view key) = 0;
  /// Deletes rows from the front of the table, with key <= `last`, until the limit is reached.
  virtual result<front_deleted> del_front(table t, std::string_view last, front_limit limit) = 0;
  /// Ends the transaction, whatever the result. Destroying it without a commit aborts.
  virtual result<void> commit() = 0;
};

/// A copy of the tables, without what is free in their file, that is made beside them to take their
/// place. While it lives nothing may be written, which it would not have. One that has not taken
/// their place leaves nothing behind. It must not outlive the store.
class table_copy {
public:
  virtual ~table_copy() = default;
  table_copy() = default;
  table_copy(const table_copy&) = delete;
  table_copy& operator=(const table_copy&) = delete;

  /// It has everything, on disk. Waits for nothing. Once it has failed, like `store::begin_copy`,
  /// it stays so.
  [[nodiscard]] virtual result<bool> is_whole() const = 0;
  /// Bytes of it that are written.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Bytes of the file whose place it is to take.
  [[nodiscard]] virtual std::uint64_t replaces_bytes() const = 0;
  /// Once, when it is whole: who begins to read or write from now on does so in it; who reads
  /// goes on with what he sees. Waits for no reader. A failure has changed nothing.
  [[nodiscard]] virtual result<void> take_place() = 0;
};

/// Ordered tables of bytes with one writer and any number of readers.
class store {
public:
  virtual ~store() = default;
  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  /// One at a time, from one thread; a second one before the first has ended is a mistake of the
  /// caller. With `sync`, what is committed survives a power loss; without, only the process.
  [[nodiscard]] virtual result<std::unique_ptr<write_transaction>> begin_write(bool sync) = 0;
  /// The tables as of the last commit, from any thread. Short-lived: pages that it sees cannot be
  /// used again before it is gone. It must not outlive the store.
  [[nodiscard]] virtual result<std::unique_ptr<reader>> read() const = 0;
  /// Begins a copy, which is made on a thread of its own; one at a time, from the writer's thread.
  /// `full`: no room for it, and nothing was written; `invalid`: these tables lie in no file.
  [[nodiscard]] virtual result<std::unique_ptr<table_copy>> begin_copy() {
    return fail({error_kind::invalid, "journal.store", "these tables lie in no file"});
  }
};

} // namespace orderhub::journal
