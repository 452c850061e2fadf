#include "http_gateway/server/listener.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

namespace orderhub::http_gateway::detail {
namespace {

constexpr std::int64_t accept_pause_ms = 100;

} // namespace

result<void> listener::listen() {
  constexpr auto where = "http.listen";
  error_code ec;
  const auto address =
      asio::ip::make_address(options_.host == "localhost" ? "127.0.0.1" : options_.host, ec);
  if (ec)
    return fail({error_kind::invalid, where, "not an IP address: " + options_.host});
  const tcp::endpoint endpoint(address, options_.port);
  auto& a = acceptor_.emplace(shards_.front()->loop->context);
  const auto refused = [&](const char* step) {
    return fail({error_kind::unavailable, where,
                 std::string(step) + " " + options_.host + ":" + std::to_string(options_.port) +
                     ": " + ec.message()});
  };
  a.open(endpoint.protocol(), ec);
  if (ec)
    return refused("cannot open");
  a.set_option(tcp::acceptor::reuse_address(true), ec);
  if (ec)
    return refused("cannot configure");
  a.bind(endpoint, ec);
  if (ec)
    return refused("cannot bind");
  a.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    return refused("cannot listen on");
  const auto local = a.local_endpoint(ec);
  if (ec)
    return refused("cannot read the port of");
  port_ = local.port();
  return {};
}

void listener::accept() {
  if (!acceptor_ || !acceptor_->is_open())
    return;
  auto& target = *shards_[next_shard_];
  next_shard_ = (next_shard_ + 1) % shards_.size();
  acceptor_->async_accept(target.loop->context, [this, &target](error_code ec, socket_type s) {
    if (ec == asio::error::operation_aborted)
      return;
    if (ec)
      return accept_later();
    place(target, std::move(s));
    accept();
  });
}

void listener::accept_later() {
  pause_.emplace(shards_.front()->loop->context);
  pause_->expires_after(std::chrono::milliseconds(accept_pause_ms));
  pause_->async_wait([this](const error_code& ec) {
    if (!ec)
      accept();
  });
}

void listener::place(shard& target, socket_type socket) {
  auto& counters = *target.loop->counters;
  count(counters.connections);
  bool refused = false;
  if (counters.connections_now.fetch_add(1, std::memory_order_relaxed) >=
      options_.connections_max) {
    counters.connections_now.fetch_sub(1, std::memory_order_relaxed);
    count(counters.connections_refused);
    refused = true;
  }
  const auto adopt = [refused, &target](socket_type s) {
    if (!refused || target.refused_now() < target.options.refused_linger_max)
      target.adopt(std::move(s), refused);
    else if (target.options.refusals_told)
      target.turn_away(std::move(s));
  };
  if (&target == shards_.front().get())
    return adopt(std::move(socket));
  asio::post(target.loop->context,
             [adopt, s = std::move(socket)]() mutable { adopt(std::move(s)); });
}

void listener::close() {
  error_code ignored; // It is going away in any case.
  if (acceptor_)
    acceptor_->close(ignored);
  if (pause_)
    pause_->cancel();
}

} // namespace orderhub::http_gateway::detail
