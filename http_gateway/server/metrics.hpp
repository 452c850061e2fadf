#pragma once
#include "http_gateway/server/byte_budget.hpp"
#include "http_gateway/server/options.hpp"
#include "http_gateway/server/places.hpp"
#include "journal/base/histogram.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// A status in the metrics: 429 says of our limits what no other refusal does.
inline constexpr std::array<std::string_view, 6> status_classes = {"1xx", "2xx", "3xx",
                                                                   "4xx", "5xx", "429"};
constexpr std::size_t status_class_of(std::uint16_t status) {
  constexpr std::size_t limited = 5;
  if (status == 429)
    return limited;
  const auto hundreds = static_cast<std::size_t>(status / 100);
  return hundreds >= 1 && hundreds <= 5 ? hundreds - 1 : 0;
}

/// Of the requests that were counted as one handler's: how long they took, by class of status.
struct handler_metrics {
  std::string handler;
  std::array<histogram_values, status_classes.size()> took;
};

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
  /// From the whole request to its answer. The first is `other`: refused by the parser, or of no
  /// handler.
  std::vector<handler_metrics> handlers = {};
};

/// The same numbers while they are counted, on any thread. Shared by the server, its io threads and
/// its exchanges, any of which may be the last to go.
struct server_counters {
  using counter = std::atomic<std::uint64_t>;
  counter connections{0}, connections_now{0}, connections_refused{0};
  counter requests{0}, overloaded{0}, malformed{0}, timed_out{0}, slow_clients{0};
  /// Of one handler.
  struct taken {
    explicit taken(std::string name) : handler(std::move(name)) {}
    std::string handler;
    std::array<histogram, status_classes.size()> by_class{
        histogram(buckets::request), histogram(buckets::request), histogram(buckets::request),
        histogram(buckets::request), histogram(buckets::request), histogram(buckets::request)};
  };
  std::vector<std::unique_ptr<taken>> handlers; ///< `other`, and those of the options.

  place_table places; ///< The requests in flight.

  byte_budget sending;
  byte_budget receiving;

  explicit server_counters(const server_options& o)
      : places({o.in_flight_max, o.waits_max}), sending(o.sending_size_max),
        receiving(o.receiving_size_max) {
    handlers.push_back(std::make_unique<taken>("other"));
    for (const auto& name : o.handlers)
      handlers.push_back(std::make_unique<taken>(name));
  }
  /// An answer of that status, so long after its request. `handler`: 0 is `other`.
  void answered(std::size_t handler, std::uint16_t status, std::int64_t took_us) {
    const auto known = handler < handlers.size() ? handler : 0;
    handlers[known]->by_class[status_class_of(status)].add(took_us);
  }
  [[nodiscard]] server_metrics read() const;
};

inline void count(server_counters::counter& n) {
  n.fetch_add(1, std::memory_order_relaxed);
}

} // namespace orderhub::http_gateway
