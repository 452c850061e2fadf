#pragma once
#include "http_gateway/server/exchange.hpp"
#include "journal/base/result.hpp"

#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

namespace orderhub::http_gateway {

/// A Unix socket in the file system that listens. Whoever may open the file may connect, so its
/// mode is 0660: its owner, and its group. Removes the file at its end, where it is still its own.
class local_socket {
public:
  /// Makes it. A file that a process left which is no more (SIGKILL) is replaced; one at which
  /// somebody listens is not.
  ///
  /// Fails with `unavailable` where another process listens there, `invalid` where the path is too
  /// long for a socket (107 bytes) or something else is there, `full` where there is no room, and
  /// with `rejected` where the directory is none or not ours to write to.
  static result<local_socket> listen(const std::string& path);
  local_socket(local_socket&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), device_(other.device_),
        inode_(other.inode_) {}
  local_socket& operator=(local_socket&&) = delete;
  ~local_socket();

  /// For `server_options::local_listener`.
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  local_socket() = default;
  std::string path_;
  int fd_ = -1;
  dev_t device_ = 0; ///< Of the file that was made.
  ino_t inode_ = 0;
};

/// Who has connected to that socket; nothing where the kernel does not say.
std::optional<local_peer> peer_of(int socket);

} // namespace orderhub::http_gateway
