#include "http_gateway/server/metrics.hpp"

namespace orderhub::http_gateway {

server_metrics server_counters::read() const {
  const auto of = [](const counter& n) { return n.load(std::memory_order_relaxed); };
  server_metrics m;
  m.connections = of(connections);
  m.connections_now = of(connections_now);
  m.connections_refused = of(connections_refused);
  m.requests = of(requests);
  m.in_flight_now = places.now();
  m.waits_now = places.now(request_class::wait);
  m.sending_bytes_now = sending.used();
  m.receiving_bytes_now = receiving.used();
  m.overloaded = of(overloaded);
  m.malformed = of(malformed);
  m.timed_out = of(timed_out);
  m.slow_clients = of(slow_clients);
  for (const auto& h : handlers) {
    handler_metrics one;
    one.handler = h->handler;
    for (std::size_t n = 0; n < one.took.size(); ++n)
      one.took[n] = h->by_class[n].values();
    m.handlers.push_back(std::move(one));
  }
  return m;
}

} // namespace orderhub::http_gateway
