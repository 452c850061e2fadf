#include "http_gateway/server/local_socket.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace orderhub::http_gateway {
namespace {

constexpr auto where = "http.local_socket";
constexpr mode_t owner_and_group = 0660;
constexpr int backlog = 128;

/// Closes it unless it is taken.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  int take() { return std::exchange(fd_, -1); }

private:
  int fd_;
};

int new_socket(int flags = 0) {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

/// Nothing where the path has no room in it.
std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

const sockaddr* plain(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// 0, or `errno` of why nobody is reached.
int reached(const sockaddr_un& address) {
  const descriptor probe(new_socket(SOCK_NONBLOCK));
  if (probe.get() >= 0 && ::connect(probe.get(), plain(address), sizeof address) == 0)
    return 0;
  // A full queue has somebody behind it.
  return errno == EAGAIN ? 0 : errno;
}

tl::unexpected<error> refused(const std::string& path, const char* step, int why) {
  const auto kind = why == ENOSPC || why == EDQUOT ? error_kind::full : error_kind::rejected;
  return fail(
      {kind, where,
       std::string(step) + " the socket " + path + ": " + std::system_category().message(why)});
}

/// What a process that is no more has left there goes.
result<void> make_way(const std::string& path, const sockaddr_un& address) {
  struct stat there{};
  if (::lstat(path.c_str(), &there) != 0)
    return {};
  if (!S_ISSOCK(there.st_mode))
    return fail({error_kind::invalid, where,
                 path + " is there and is no socket: move it, or give another path"});
  if (const auto why = reached(address); why == 0)
    return fail({error_kind::unavailable, where,
                 "another process listens at the socket " + path +
                     ": end it, or give each hub a path of its own"});
  else if (why != ECONNREFUSED && why != ENOENT)
    return refused(path, "cannot tell whether somebody listens at", why);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return refused(path, "cannot replace", errno);
  return {};
}

} // namespace

result<local_socket> local_socket::listen(const std::string& path) {
  const auto address = address_of(path);
  if (!address)
    return fail({error_kind::invalid, where,
                 "the path of a socket has 1 to 107 bytes, and this one has " +
                     std::to_string(path.size()) + ": " + path});
  if (auto done = make_way(path, *address); !done)
    return done.failure();
  descriptor made(new_socket());
  if (made.get() < 0)
    return refused(path, "cannot open", errno);
  // Before it has a name, so that nobody else is let in for a moment; and again behind the umask.
  if (::fchmod(made.get(), owner_and_group) != 0 ||
      ::bind(made.get(), plain(*address), sizeof *address) != 0)
    return refused(path, "cannot make", errno);
  struct stat there{};
  if (::chmod(path.c_str(), owner_and_group) != 0 || ::lstat(path.c_str(), &there) != 0 ||
      ::listen(made.get(), backlog) != 0) {
    const auto why = errno;
    ::unlink(path.c_str());
    return refused(path, "cannot listen at", why);
  }
  local_socket socket;
  socket.path_ = path;
  socket.fd_ = made.take();
  socket.device_ = there.st_dev;
  socket.inode_ = there.st_ino;
  return socket;
}

local_socket::~local_socket() {
  if (fd_ < 0)
    return;
  struct stat there{};
  if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_)
    ::unlink(path_.c_str());
  ::close(fd_);
}

std::optional<local_peer> peer_of(int socket) {
  ucred known{};
  socklen_t size = sizeof known;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &known, &size) != 0)
    return std::nullopt;
  local_peer peer{known.uid, known.gid, {}};
  constexpr std::size_t groups_max = 65'536; // Of the kernel.
  peer.groups.resize(64);
  for (;;) {
    size = static_cast<socklen_t>(peer.groups.size() * sizeof(std::uint32_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) == 0)
      break;
    if (errno != ERANGE || size > groups_max * sizeof(std::uint32_t)) {
      size = 0; // Its first group is known all the same.
      break;
    }
    peer.groups.resize(size / sizeof(std::uint32_t));
  }
  peer.groups.resize(size / sizeof(std::uint32_t));
  return peer;
}

} // namespace orderhub::http_gateway
