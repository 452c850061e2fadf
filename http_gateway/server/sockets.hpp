#pragma once
#include <chrono>
#include <cstdint>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

/// Asio's types as this server uses them. Internal to the server.
namespace orderhub::http_gateway::detail {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
// The concrete executor: the type-erased one costs an indirection and an allocation an operation.
using executor = asio::io_context::executor_type;
// TCP and Unix sockets alike.
using any_stream = asio::generic::stream_protocol;
using socket_type = asio::basic_stream_socket<any_stream, executor>;
using acceptor_type = asio::basic_socket_acceptor<any_stream, executor>;
using timer_type =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, executor>;

/// Of a clock that never steps back, microseconds.
inline std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
/// Of the same, milliseconds.
inline std::int64_t steady_ms() {
  return steady_us() / 1'000;
}

} // namespace orderhub::http_gateway::detail
