#include "journal/commit_log/file_log_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace orderhub::journal {

namespace {

constexpr auto where = "journal.commit_log";

tl::unexpected<error> failure(int code, const std::string& doing) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return fail({full ? error_kind::full : error_kind::unavailable, where,
               doing + ": " + std::strerror(code)});
}

class disk_log_file final : public log_file {
public:
  disk_log_file(file f, std::string path) : file_(std::move(f)), path_(std::move(path)) {}

  result<std::uint64_t> size() const override {
    struct stat s{};
    if (::fstat(file_.get(), &s) != 0)
      return failure(errno, "'" + path_ + "'");
    return static_cast<std::uint64_t>(s.st_size);
  }

  result<std::string> read() const override {
    auto bytes = size();
    if (!bytes)
      return bytes.failure();
    std::string all(static_cast<std::size_t>(*bytes), '\0');
    for (std::size_t at = 0; at < all.size();) {
      const auto n = ::pread(file_.get(), all.data() + at, all.size() - at, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return failure(errno, "'" + path_ + "' cannot be read");
      if (n == 0) {
        all.resize(at);
        break;
      }
      at += static_cast<std::size_t>(n);
    }
    return all;
  }

  result<void> reserve(std::uint64_t size) override {
    int code = 0;
    do
      code = ::fallocate(file_.get(), 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
    while (code == EINTR);
    if (code != 0 && code != EOPNOTSUPP && code != ENOSYS)
      return failure(code, "no room for '" + path_ + "'");
    return {};
  }

  result<void> write(std::uint64_t at, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return failure(n < 0 ? errno : EIO, "'" + path_ + "' cannot be written");
      at += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  result<void> sync() override {
    if (::fdatasync(file_.get()) != 0) // Not again, not even for EINTR: see `log_file::sync`.
      return failure(errno, "'" + path_ + "' cannot be synced");
    return {};
  }

private:
  file file_;
  std::string path_;
};

constexpr auto hold_name = "hold";

} // namespace

file_log_directory::file_log_directory(const std::string& data_directory)
    : path_(data_directory + "/log") {}

result<std::unique_ptr<file_log_directory>>
file_log_directory::make(const std::string& data_directory) {
  auto made = std::make_unique<file_log_directory>(data_directory);
  if (auto directory = make_directory(made->path_); !directory)
    return directory.failure();
  const auto hold = made->path_of(hold_name);
  made->hold_file_ = file(::open(hold.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!made->hold_file_)
    return failure(errno, "'" + hold + "' cannot be opened");
  if (auto synced = made->sync(); !synced)
    return synced.failure();
  sync_directory(data_directory);
  return made;
}

result<std::vector<std::string>> file_log_directory::names() const {
  std::vector<std::string> all;
  DIR* directory = ::opendir(path_.c_str());
  if (directory == nullptr) {
    if (errno == ENOENT)
      return all;
    return failure(errno, "'" + path_ + "' cannot be listed");
  }
  while (const auto* entry = ::readdir(directory))
    if (entry->d_name[0] != '.')
      all.emplace_back(entry->d_name);
  ::closedir(directory);
  std::sort(all.begin(), all.end());
  return all;
}

result<std::unique_ptr<log_file>> file_log_directory::create(const std::string& name) {
  auto path = path_of(name);
  file f(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!f)
    return failure(errno, "'" + path + "' cannot be created");
  return std::unique_ptr<log_file>(std::make_unique<disk_log_file>(std::move(f), std::move(path)));
}

result<std::unique_ptr<log_file>> file_log_directory::open(const std::string& name) {
  auto path = path_of(name);
  // Without the right to write it can still be read.
  file f(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!f && (errno == EACCES || errno == EROFS))
    f = file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!f)
    return failure(errno, "'" + path + "' cannot be opened");
  return std::unique_ptr<log_file>(std::make_unique<disk_log_file>(std::move(f), std::move(path)));
}

result<void> file_log_directory::rename(const std::string& from, const std::string& to) {
  if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0)
    return failure(errno, "'" + path_of(from) + "' cannot be renamed");
  return {};
}

result<void> file_log_directory::remove(const std::string& name) {
  if (::unlink(path_of(name).c_str()) != 0 && errno != ENOENT)
    return failure(errno, "'" + path_of(name) + "' cannot be removed");
  return {};
}

result<void> file_log_directory::sync() {
  const file f(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!f || ::fsync(f.get()) != 0)
    return failure(errno, "'" + path_ + "' cannot be synced");
  return {};
}

bool file_log_directory::may_reuse() const {
  if (::flock(hold_file_.get(), LOCK_EX | LOCK_NB) != 0)
    return false;
  ::flock(hold_file_.get(), LOCK_UN);
  return true;
}

result<file> file_log_directory::hold() const {
  const auto path = path_of(hold_name);
  file f(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!f)
    return errno == ENOENT ? result<file>(file()) : failure(errno, "'" + path + "'");
  if (::flock(f.get(), LOCK_SH) != 0)
    return failure(errno, "'" + path + "' cannot be locked");
  return f;
}

} // namespace orderhub::journal
