#include "http_gateway/mock/mock_server.hpp"
#include "http_gateway/program/commands.hpp"
#include "http_gateway/program/mock_control.hpp"
#include "http_gateway/program/stop_signals.hpp"

#include <iostream>
#include <string>

namespace orderhub::http_gateway {
namespace {

int refused(const std::string& message) {
  std::cerr << "orderhub mock: " << message << '\n';
  return 1;
}

} // namespace

int run_mock(const mock_command& command) {
  const stop_signals signals;
  providers::mock::options vendors;
  vendors.seed = command.seed;
  vendors.latency_ms.fill(command.latency_ms);
  if (command.ledger_counts)
    vendors.ledger = providers::mock::ledger_mode::counts;
  mock_listen_options listen;
  listen.host = command.listen.host;
  listen.port = command.listen.port;
  mock_server server(vendors, listen);

  if (auto done = apply_control_file(server, command.control_path); !done)
    return refused(done.error().message);
  const auto port = server.start();
  if (!port)
    return refused(port.error().message);
  const auto& host = command.listen.host;
  // Flushed at once: scripts wait for this line to learn the port.
  std::cout << "mock vendors on http://"
            << (host.find(':') == std::string::npos ? host : '[' + host + ']') << ':' << *port
            << std::endl;
  while (signals.wait() == stop_signals::kind::reload) {
    // There is nothing to read again.
  }
  server.stop();
  return 0;
}

} // namespace orderhub::http_gateway
