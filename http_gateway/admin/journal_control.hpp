#pragma once
#include "journal/base/time.hpp"
#include "journal/compact_run.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

/// The files of a running hub's journal: what they take, and their copies.
class journal_control {
public:
  virtual ~journal_control() = default;

  /// What lies in a folder below the setting `backup_dir`.
  struct copy {
    std::string name; ///< Of the folder: when it was begun, in UTC.
    std::uint64_t bytes = 0;
    unix_ms made_at = 0;
    bool is_whole = false; ///< False: it is being made, or was cut off.
  };
  /// A backup that runs, or the last one since the start.
  struct backup_run {
    std::string to; ///< The folder, whole path.
    unix_ms began_at = 0;
    unix_ms ended_at = 0; ///< 0: it runs.
    std::uint64_t bytes = 0;
    std::string failed; ///< Why; empty: it has not.
  };
  struct found_copies {
    static constexpr std::size_t shown_max = 50;
    unix_ms as_of = 0;        ///< When the directory was looked at; 0: not yet.
    std::vector<copy> newest; ///< At most `shown_max`, the newest first.
    std::size_t count = 0;    ///< Of all folders that were looked at.
    bool is_cut = false;      ///< There are more than anybody looks at.
    std::uint64_t disk_free_bytes = 0;
  };
  struct files {
    std::string failed; ///< Why the tables cannot be read; empty: they can.
    std::uint32_t format = 0;
    std::vector<std::pair<std::string_view, std::uint64_t>> rows; ///< Of each table.
    std::uint64_t file_bytes = 0;      ///< Of the tables, with what is made ready.
    std::uint64_t used_bytes = 0;      ///< Up to the last page.
    std::uint64_t free_page_bytes = 0; ///< Of these: `compact` gives them back.
    std::uint64_t log_file_bytes = 0;
    std::uint64_t disk_bytes = 0, disk_free_bytes = 0;
    std::uint32_t readers = 0;
    std::int64_t oldest_reader_ms = 0;
    unix_ms last_backup_at = 0; ///< 0: none is known of.
    std::string backup_dir;     ///< As it is set; empty: it is not.
    found_copies copies;        ///< As last looked at: the directory may be on a slow disk.
    std::optional<backup_run> running, last;
    std::optional<journal::compact_run> compaction; ///< That runs, or the last since the start.
  };
  /// From any thread; waits for no other disk than the journal's.
  [[nodiscard]] virtual files look() const = 0;

  /// What a backup comes to.
  struct backup_plan {
    std::string refused; ///< Why there is none; empty: there is.
    std::string to;      ///< The new folder; of a dry run the one that it would be.
    std::uint64_t copy_bytes = 0;
    std::uint64_t room_needed_bytes = 0, room_bytes = 0; ///< On the disk of the copy.
  };
  /// Copies the journal into a new folder below `backup_dir`, one at a time, in another process;
  /// the files then say how it goes. `done` is told the plan when it has begun, or why it has not,
  /// once, from any thread. A dry run begins nothing, and plans also while another backup runs.
  virtual void back_up(bool is_dry_run, std::function<void(backup_plan)> done) = 0;

  /// What a compaction comes to.
  struct compact_plan {
    std::string refused; ///< Why there is none; empty: there is.
    std::uint64_t file_bytes = 0;
    std::uint64_t free_page_bytes = 0;                   ///< Of these; about what is given back.
    std::uint64_t room_needed_bytes = 0, room_bytes = 0; ///< On the journal's disk.
  };
  /// Begins to take what is free and what is folded out of the files, beside orders, one at a time;
  /// the files then say how it goes. A dry run begins nothing, and plans also while one runs.
  /// Waits for no other disk than the journal's.
  [[nodiscard]] virtual compact_plan compact(bool is_dry_run) = 0;
};

} // namespace orderhub::http_gateway
