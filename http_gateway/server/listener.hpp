#pragma once
#include "http_gateway/server/shard.hpp"
#include "http_gateway/server/sockets.hpp"
#include "journal/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace orderhub::http_gateway::detail {

/// Accepts connections and deals them out to the shards in turn. Internal to the server.
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
  void place(shard& target, socket_type socket);
  /// Out of descriptors or memory: wait instead of spinning.
  void accept_later();

  const server_options& options_;
  const std::vector<std::unique_ptr<shard>>& shards_;
  std::optional<acceptor_type> acceptor_;
  std::optional<timer_type> pause_;
  std::size_t next_shard_ = 0;
  std::uint16_t port_ = 0;
};

} // namespace orderhub::http_gateway::detail
