#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <string>
#include <utility>

/// The directory that the journal's files lie in, and the lock that makes one process at a time its
/// writer.
namespace orderhub::journal {

/// A file descriptor; closes it.
class file {
public:
  file() = default;
  explicit file(int fd) : fd_(fd) {}
  file(file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file& operator=(file&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~file();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/// Makes it with mode 0700 where it is absent. `full`: no room for it; `invalid`: something else is
/// there, or it is not ours to make.
result<void> make_directory(const std::string& directory);

/// A new file is on disk only when its directory entry is.
void sync_directory(const std::string& directory);

/// The lock on `orderhub.lock` that only one process at a time can have, for as long as the file
/// lives; it holds that process's id. `unavailable`: another has it, and the message names it.
result<file> take_lock(const std::string& directory);

/// A backup of it was made at that time: the file `last_backup` says so, for the metrics. Where the
/// directory cannot be written to, nobody is told.
void note_backup(const std::string& directory, unix_ms at);
/// 0: none is known of.
unix_ms last_backup_of(const std::string& directory);

} // namespace orderhub::journal
