#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace orderhub::testing {

/// A listening socket on 127.0.0.1 whose connections a test scripts byte by byte: how a server
/// behaves at the worst moment is the thing tested, so no HTTP library may be between.
class loopback_server {
public:
  /// One accepted connection; closes when it goes.
  class connection {
  public:
    explicit connection(int fd) : fd_(fd) {}
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// The next whole request (head and a body of its Content-Length); empty once the peer closed.
    std::string read_request();
    /// What is there, at most `n` bytes; empty once the peer closed.
    std::string read_some(std::size_t n);
    void write(std::string_view bytes) const;
    /// Cuts it: the peer gets a reset, not an end.
    void reset();
    void close();
    /// Waits until the peer closed.
    void drain();

  private:
    int fd_;
    std::string buffered_;
  };

  /// Runs `script(connection, n)` on a thread of its own for the n-th connection, from 0.
  explicit loopback_server(std::function<void(connection&, std::size_t)> script);
  /// Stops accepting and waits for the scripts; the clients must have gone.
  ~loopback_server();
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  [[nodiscard]] std::string url(std::string_view path) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::function<void(connection&, std::size_t)> script_;
  std::thread acceptor_;
  std::vector<std::thread> workers_;
};

/// A port on 127.0.0.1 that nobody listens on, nor can while this lives.
class refused_port {
public:
  refused_port();
  ~refused_port();
  refused_port(const refused_port&) = delete;
  refused_port& operator=(const refused_port&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

private:
  std::uint16_t port_ = 0; ///< Set while `fd_` is made, so it comes first.
  int fd_ = -1;
};

/// A 200 answer with that body.
std::string answer_200(std::string_view body);

} // namespace orderhub::testing
