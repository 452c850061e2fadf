#include "tests/providers/transport/loopback_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace orderhub::testing {

namespace {

int listening_socket(std::uint16_t& port, bool listens) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      (listens && ::listen(fd, 512) != 0) ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no loopback socket");
  port = ntohs(address.sin_port);
  return fd;
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "content-length:";
  const auto at =
      std::search(head.begin(), head.end(), name.begin(), name.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
      });
  if (at == head.end())
    return 0;
  std::string_view text = head.substr(static_cast<std::size_t>(at - head.begin()) + name.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

} // namespace

loopback_server::connection::~connection() {
  close();
}

std::string loopback_server::connection::read_request() {
  for (;;) {
    const auto end = buffered_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t whole =
          end + 4 + content_length(std::string_view(buffered_).substr(0, end + 2));
      if (buffered_.size() >= whole) {
        std::string request = buffered_.substr(0, whole);
        buffered_.erase(0, whole);
        return request;
      }
    }
    const std::string more = read_some(65'536);
    if (more.empty())
      return {};
    buffered_ += more;
  }
}

std::string loopback_server::connection::read_some(std::size_t n) {
  std::string bytes(n, '\0');
  const ssize_t got = ::recv(fd_, bytes.data(), n, 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

void loopback_server::connection::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return; // The client may have gone; the test sees that on its side.
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void loopback_server::connection::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void loopback_server::connection::close() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

void loopback_server::connection::drain() {
  while (!read_some(65'536).empty()) {
  }
}

loopback_server::loopback_server(std::function<void(connection&, std::size_t)> script)
    : script_(std::move(script)) {
  listener_ = listening_socket(port_, true);
  acceptor_ = std::thread([this] {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0 && errno == ECONNABORTED)
        continue; // That client went before it was let in.
      if (fd < 0)
        return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      workers_.emplace_back([this, fd, n = workers_.size()] {
        connection c(fd);
        script_(c, n);
      });
    }
  });
}

loopback_server::~loopback_server() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& worker : workers_)
    worker.join();
  ::close(listener_);
}

std::string loopback_server::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

refused_port::refused_port() : fd_(listening_socket(port_, false)) {}

refused_port::~refused_port() {
  ::close(fd_);
}

std::string answer_200(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

} // namespace orderhub::testing
