#pragma once
#include "http_gateway/server/exchange.hpp"
#include "http_gateway/server/metrics.hpp"
#include "http_gateway/server/sockets.hpp"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace orderhub::http_gateway::detail {

/// What an exchange keeps of the server: the way back to its io thread, from any thread. Owned by
/// the shard and by every exchange of it; may outlive the shard, and then takes nothing more.
/// Internal to the server.
struct io_loop {
  explicit io_loop(std::shared_ptr<server_counters> c) : counters(std::move(c)) {}

  std::shared_ptr<server_counters> counters;
  asio::io_context context{1};
  shard* owner = nullptr; ///< Used on the io thread only; null once the shard is gone.

  std::mutex mutex; ///< Guards what is below.
  std::vector<http_exchange_ptr> answered;
  std::vector<http_exchange_ptr> streamed; ///< Whose stream has something to do.
  bool closed = false;
};

} // namespace orderhub::http_gateway::detail
