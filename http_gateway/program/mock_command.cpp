#include "http_gateway/mock/mock_server.hpp"
#include "http_gateway/program/commands.hpp"
#include "http_gateway/program/mock_control.hpp"
#include "http_gateway/program/mock_webhook_keys.hpp"
#include "http_gateway/program/stop_signals.hpp"
#include "journal/base/random.hpp"
#include "providers/transport/curl_transport.hpp"

#include <iostream>
#include <string>
#include <utility>

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
  vendors.tells = !command.webhooks_to.empty();
  vendors.transit_ms = command.transit_ms;
  vendors.delivery_ms = command.delivery_ms;
  providers::curl_transport transport; // Outlives the server, which sends with it.
  mock_server server(vendors, listen);

  if (auto done = apply_control_file(server, command.control_path); !done)
    return refused(done.error().message);
  system_random random;
  auto keys = mock_webhook_keys(random);
  if (auto done = write_webhook_secrets(keys, command.webhook_secrets_path); !done)
    return refused(done.error().message);
  const auto port = server.start();
  if (!port)
    return refused(port.error().message);
  if (vendors.tells)
    server.send_webhooks({command.webhooks_to, command.webhooks, std::move(keys), command.seed,
                          command.webhook_log_path},
                         transport);
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
