#pragma once
#include "http_gateway/server/shard.hpp"
#include "http_gateway/server/sockets.hpp"
#include "journal/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace orderhub::http_gateway::detail {

/// Accepts connections, at the port and where there is one at a Unix socket, and deals them out to
/// the shards in turn. Internal to the server.
class listener {
public:
  /// Neither is copied; both outlive it.
  listener(const server_options& options, const std::vector<std::unique_ptr<shard>>& shards)
      : options_(options), shards_(shards) {}

  /// Binds. Fails with `unavailable` where the address cannot be had, `invalid` where it is none.
  result<void> listen();
  /// The port that is listened on.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Begins to accept. On the first shard's thread, as everything behind it.
  void accept();
  /// Accepts nothing more. On the first shard's thread.
  void close();

private:
  /// Where connections come in.
  struct door {
    explicit door(asio::io_context& context) : acceptor(context), pause(context) {}
    acceptor_type acceptor;
    timer_type pause;
  };
  result<void> open_port(acceptor_type& acceptor);
  result<void> open_socket(acceptor_type& acceptor);
  void accept(door& at);
  void place(shard& target, socket_type socket);
  /// Out of descriptors or memory: wait instead of spinning.
  void accept_later(door& at);

  const server_options& options_;
  const std::vector<std::unique_ptr<shard>>& shards_;
  std::vector<std::unique_ptr<door>> doors_;
  std::size_t next_shard_ = 0;
  std::uint16_t port_ = 0;
};

} // namespace orderhub::http_gateway::detail
