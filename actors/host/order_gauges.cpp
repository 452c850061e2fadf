#include "actors/host/order_gauges.hpp"

#include <algorithm>

namespace orderhub::host {

using durable::wait_cause;

std::string_view waits_for_of(wait_cause cause) {
  switch (cause) {
  case wait_cause::answer:
  case wait_cause::running:
  case wait_cause::tracking:
    return "vendor";
  case wait_cause::connection:
  case wait_cause::dns:
  case wait_cause::tls:
  case wait_cause::refusal:
    return "retry";
  case wait_cause::doubt:
    return "settle";
  case wait_cause::credential:
  case wait_cause::breaker:
    return "breaker";
  case wait_cause::limiter:
  case wait_cause::place:
    return "limiter";
  case wait_cause::bank:
  case wait_cause::refund:
  case wait_cause::delivery:
  case wait_cause::packing:
  case wait_cause::pickup:
    return "webhook";
  case wait_cause::customer:
    return "customer";
  case wait_cause::time:
    return "timer";
  case wait_cause::earlier:
  case wait_cause::hub:
    return "call";
  case wait_cause::person:
    return "operator";
  }
  return "vendor";
}

order_gauges gauges_of(std::span<const durable::waiting_count> waiting, std::uint64_t stuck) {
  order_gauges g;
  g.stuck = stuck;
  for (const auto& w : waiting) {
    if (w.cause == wait_cause::doubt)
      g.in_doubt += w.count;
    if (w.cause == wait_cause::person)
      g.attention += w.count;
    const auto name = waits_for_of(w.cause);
    const auto known = std::find_if(g.oldest_open.begin(), g.oldest_open.end(),
                                    [&](const auto& o) { return o.waits_for == name; });
    if (known == g.oldest_open.end())
      g.oldest_open.push_back({name, w.since});
    else
      known->since = std::min(known->since, w.since);
  }
  return g;
}

} // namespace orderhub::host
