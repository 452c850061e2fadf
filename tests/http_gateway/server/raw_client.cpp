#include "tests/http_gateway/server/raw_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace orderhub::testing {

raw_client::raw_client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{20, 0};
  if (fd_ < 0 || ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
      ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
      ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to the server under test");
}

raw_client::raw_client(const std::string& socket_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  const timeval limit{20, 0};
  if (fd_ < 0 || ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
      ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to the socket under test");
}

raw_client::~raw_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

bool raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool raw_client::fill() {
  std::array<char, 16384> bytes{};
  const auto n = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (n <= 0)
    return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(n));
  return true;
}

std::optional<raw_response> raw_client::read(bool head) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill())
      return std::nullopt;
  raw_response r;
  std::string_view lines(buffer_.data(), end + 2);
  const auto take_line = [&] {
    const auto at = lines.find("\r\n");
    auto line = lines.substr(0, at);
    lines.remove_prefix(at + 2);
    return line;
  };
  const auto status_line = take_line();
  if (!status_line.starts_with("HTTP/1.1 ") || status_line.size() < 13)
    return std::nullopt;
  r.status = std::stoi(std::string(status_line.substr(9, 3)));
  while (!lines.empty()) {
    const auto line = take_line();
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos)
      return std::nullopt;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    r.headers[name] = line.substr(colon + 2);
  }
  buffer_.erase(0, end + 4);
  if (r.status / 100 == 1 || head || !r.headers.contains("content-length"))
    return r;
  const auto size = static_cast<std::size_t>(std::stoul(r.headers.at("content-length")));
  while (buffer_.size() < size)
    if (!fill())
      return std::nullopt;
  r.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return r;
}

bool raw_client::at_end() {
  std::array<char, 1024> bytes{};
  return buffer_.empty() && ::recv(fd_, bytes.data(), bytes.size(), 0) == 0;
}

std::pair<std::string, int> raw_client::read_to_end() {
  std::array<char, 16384> bytes{};
  for (;;) {
    const auto n = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (n <= 0)
      return {std::exchange(buffer_, {}), n == 0 ? 0 : errno};
    buffer_.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

std::string raw_client::read_until(std::string_view end) {
  std::size_t at = 0;
  while ((at = buffer_.find(end)) == std::string::npos)
    if (!fill())
      return std::exchange(buffer_, {});
  auto found = buffer_.substr(0, at + end.size());
  buffer_.erase(0, at + end.size());
  return found;
}

bool raw_client::silent() {
  char byte = 0;
  return buffer_.empty() && ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

void raw_client::finish_sending() {
  ::shutdown(fd_, SHUT_WR);
}

void raw_client::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(fd_);
  fd_ = -1;
}

std::string post(std::string_view target, std::string_view body, std::string_view headers) {
  std::string out = "POST ";
  out.append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n").append(headers);
  out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return out.append(body);
}

std::string get(std::string_view target, std::string_view headers) {
  std::string out = "GET ";
  return out.append(target)
      .append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n")
      .append(headers)
      .append("\r\n");
}

} // namespace orderhub::testing
