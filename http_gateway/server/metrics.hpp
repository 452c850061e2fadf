#pragma once
#include "http_gateway/server/byte_budget.hpp"
#include "http_gateway/server/options.hpp"
#include "http_gateway/server/places.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace orderhub::http_gateway {

/// What the server counts since its start; `_now` are present values.
struct server_metrics {
  std::uint64_t connections = 0;
  std::uint64_t connections_now = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0; ///< Whole ones, handed to the handler or not.
  std::uint64_t in_flight_now = 0;
  std::uint64_t waits_now = 0;           ///< Of these, who only waits.
  std::uint64_t sending_bytes_now = 0;   ///< Answers that are not taken yet.
  std::uint64_t receiving_bytes_now = 0; ///< Room for larger request bodies.
  std::uint64_t overloaded = 0;          ///< Answered 503 for places or bytes.
  std::uint64_t malformed = 0;           ///< Answered by the parser with 4xx or 5xx.
  std::uint64_t timed_out = 0;           ///< `request_timeout_ms` passed.
  std::uint64_t slow_clients = 0;        ///< Read or write time-out.
  std::uint64_t answers_2xx = 0;
  std::uint64_t answers_3xx = 0;
  std::uint64_t answers_4xx = 0;
  std::uint64_t answers_5xx = 0;
};

/// The same numbers while they are counted, on any thread. Shared by the server, its io threads and
/// its exchanges, any of which may be the last to go.
struct server_counters {
  using counter = std::atomic<std::uint64_t>;
  counter connections{0}, connections_now{0}, connections_refused{0};
  counter requests{0}, overloaded{0}, malformed{0}, timed_out{0}, slow_clients{0};
  std::array<counter, 6> answers{}; ///< By the first digit of the status.

  place_table places; ///< The requests in flight.

  byte_budget sending;
  byte_budget receiving;

  explicit server_counters(const server_options& o)
      : places({o.in_flight_max, o.waits_max}), sending(o.sending_size_max),
        receiving(o.receiving_size_max) {}
  [[nodiscard]] server_metrics read() const;
};

inline void count(server_counters::counter& n) {
  n.fetch_add(1, std::memory_order_relaxed);
}

} // namespace orderhub::http_gateway
