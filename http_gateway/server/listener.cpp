#include "http_gateway/server/listener.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <sys/socket.h>

namespace orderhub::http_gateway::detail {
namespace {

constexpr std::int64_t accept_pause_ms = 100;
constexpr auto where = "http.listen";

} // namespace

result<void> listener::listen() {
  auto& context = shards_.front()->loop->context;
  doors_.push_back(std::make_unique<door>(context));
  if (auto done = open_port(doors_.back()->acceptor); !done)
    return done;
  if (options_.local_listener < 0)
    return {};
  doors_.push_back(std::make_unique<door>(context));
  return open_socket(doors_.back()->acceptor);
}

result<void> listener::open_port(acceptor_type& a) {
  error_code ec;
  const auto address =
      asio::ip::make_address(options_.host == "localhost" ? "127.0.0.1" : options_.host, ec);
  if (ec)
    return fail({error_kind::invalid, where, "not an IP address: " + options_.host});
  const tcp::endpoint endpoint(address, options_.port);
  const auto refused = [&](const char* step) {
    return fail({error_kind::unavailable, where,
                 std::string(step) + " " + options_.host + ":" + std::to_string(options_.port) +
                     ": " + ec.message()});
  };
  a.open(any_stream(endpoint.protocol()), ec);
  if (ec)
    return refused("cannot open");
  a.set_option(asio::socket_base::reuse_address(true), ec);
  if (ec)
    return refused("cannot configure");
  a.bind(any_stream::endpoint(endpoint), ec);
  if (ec)
    return refused("cannot bind");
  a.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    return refused("cannot listen on");
  const auto local = a.local_endpoint(ec);
  tcp::endpoint own;
  if (ec || local.size() > own.capacity())
    return refused("cannot read the port of");
  std::memcpy(own.data(), local.data(), local.size());
  port_ = own.port();
  return {};
}

result<void> listener::open_socket(acceptor_type& a) {
  error_code ec;
  const auto own = ::fcntl(options_.local_listener, F_DUPFD_CLOEXEC, 0);
  if (own >= 0)
    a.assign(any_stream(AF_UNIX, 0), own, ec);
  else
    ec = error_code(errno, boost::system::system_category());
  if (ec)
    return fail({error_kind::unavailable, where, "cannot use the Unix socket: " + ec.message()});
  return {};
}

void listener::accept() {
  for (const auto& d : doors_)
    accept(*d);
}

void listener::accept(door& at) {
  if (!at.acceptor.is_open())
    return;
  auto& target = *shards_[next_shard_];
  next_shard_ = (next_shard_ + 1) % shards_.size();
  at.acceptor.async_accept(target.loop->context,
                           [this, &at, &target](error_code ec, socket_type s) {
                             if (ec == asio::error::operation_aborted)
                               return;
                             if (ec)
                               return accept_later(at);
                             place(target, std::move(s));
                             accept(at);
                           });
}

void listener::accept_later(door& at) {
  at.pause.expires_after(std::chrono::milliseconds(accept_pause_ms));
  at.pause.async_wait([this, &at](const error_code& ec) {
    if (!ec)
      accept(at);
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
  for (const auto& d : doors_) {
    d->acceptor.close(ignored);
    d->pause.cancel();
  }
}

} // namespace orderhub::http_gateway::detail
