#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// A file of the commit log. What was written is on disk only when a `sync` after it has succeeded;
/// before that a power cut may keep any part of it, in any order, down to a disk's sector.
///
/// Failures, here and in `log_directory`: `full` no room on disk; `unavailable` any other I/O
/// error.
class log_file {
public:
  virtual ~log_file() = default;
  log_file() = default;
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  [[nodiscard]] virtual result<std::uint64_t> size() const = 0;
  /// All of it, from its start.
  [[nodiscard]] virtual result<std::string> read() const = 0;
  /// Room for a file of so many bytes, before anything is written to it. Fails with `full` without
  /// having taken any; where the file system cannot say, it succeeds.
  [[nodiscard]] virtual result<void> reserve(std::uint64_t size) = 0;
  /// All of `bytes` at that place, growing the file where it has to.
  [[nodiscard]] virtual result<void> write(std::uint64_t at, std::string_view bytes) = 0;
  /// Once it has failed, nothing that was written since the last success counts, whatever a later
  /// call says: the kernel may have forgotten that those pages were never written.
  [[nodiscard]] virtual result<void> sync() = 0;
};

/// The directory that the commit log's files lie in. What `create`, `rename` and `remove` do is on
/// disk only after its `sync`.
class log_directory {
public:
  virtual ~log_directory() = default;
  log_directory() = default;
  log_directory(const log_directory&) = delete;
  log_directory& operator=(const log_directory&) = delete;

  /// Names of its files, ascending.
  [[nodiscard]] virtual result<std::vector<std::string>> names() const = 0;
  /// Empty, in the place of one that has the name.
  [[nodiscard]] virtual result<std::unique_ptr<log_file>> create(const std::string& name) = 0;
  [[nodiscard]] virtual result<std::unique_ptr<log_file>> open(const std::string& name) = 0;
  [[nodiscard]] virtual result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual result<void> remove(const std::string& name) = 0;
  [[nodiscard]] virtual result<void> sync() = 0;
  /// Whether a segment whose batches are all in synced tables may be used again. False while a
  /// backup reads, which needs them until it has the tables that hold them.
  [[nodiscard]] virtual bool may_reuse() const = 0;
};

} // namespace orderhub::journal
