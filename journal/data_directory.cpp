#include "journal/data_directory.hpp"

#include "journal/base/log.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orderhub::journal {

namespace {
constexpr auto where = "journal.lmdb";
} // namespace

file::~file() {
  if (fd_ >= 0)
    ::close(fd_);
}

result<void> make_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0)
    return {};
  if (errno == EEXIST) {
    struct stat s{};
    if (::stat(directory.c_str(), &s) == 0 && S_ISDIR(s.st_mode))
      return {};
    return fail({error_kind::invalid, where, "'" + directory + "' is not a directory"});
  }
  const int code = errno;
  const auto kind = code == ENOSPC || code == EDQUOT ? error_kind::full : error_kind::invalid;
  return fail({kind, where,
               "the data directory '" + directory + "' cannot be created: " + std::strerror(code)});
}

void sync_directory(const std::string& directory) {
  if (file f(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); f)
    ::fsync(f.get());
}

result<file> take_lock(const std::string& directory) {
  const auto path = directory + "/orderhub.lock";
  file f(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!f)
    return fail({errno == ENOSPC ? error_kind::full : error_kind::invalid, where,
                 "'" + path + "' cannot be opened: " + std::strerror(errno)});
  if (::flock(f.get(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> text{};
    const auto size = ::pread(f.get(), text.data(), text.size() - 1, 0);
    std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!holder.empty() && holder.back() == '\n')
      holder.pop_back();
    return fail({error_kind::unavailable, where,
                 "the data directory '" + directory + "' is in use by process " +
                     (holder.empty() ? "(unknown)" : holder) +
                     "; stop it first, or choose another directory"});
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(f.get(), 0) != 0 ||
      ::pwrite(f.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    log::warn("journal_lock_without_pid", {{"reason", std::strerror(errno)}});
  return f;
}

void note_backup(const std::string& directory, unix_ms at) {
  const auto path = directory + "/last_backup";
  const auto fresh = path + ".new";
  const auto text = std::to_string(at) + "\n";
  {
    const file f(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!f || ::write(f.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      return;
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    std::remove(fresh.c_str());
}

unix_ms last_backup_of(const std::string& directory) {
  const auto path = directory + "/last_backup";
  const file f(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const auto size = f ? ::read(f.get(), text.data(), text.size()) : 0;
  unix_ms at = 0;
  if (size > 0)
    std::from_chars(text.data(), text.data() + size, at);
  return at;
}

} // namespace orderhub::journal
