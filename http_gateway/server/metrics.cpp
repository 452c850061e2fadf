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
  m.answers_2xx = of(answers[2]);
  m.answers_3xx = of(answers[3]);
  m.answers_4xx = of(answers[4]);
  m.answers_5xx = of(answers[5]);
  return m;
}

} // namespace orderhub::http_gateway
