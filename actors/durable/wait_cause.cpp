#include "actors/durable/wait_cause.hpp"

#include <algorithm>

namespace orderhub::durable {

namespace {

struct known_text {
  std::string_view part;
  wait_cause cause;
};

/// The first that a reason contains counts.
constexpr std::array known_texts = {
    // The gate's.
    known_text{"refuses our credential", wait_cause::credential},
    known_text{"redirect to another address", wait_cause::credential},
    known_text{"is not reached: ", wait_cause::breaker},
    known_text{"goes on at a pace", wait_cause::place},
    known_text{"are on the wire", wait_cause::place},
    known_text{"is used up", wait_cause::limiter},
    known_text{"paused by an operator", wait_cause::person},
    known_text{"held open by an operator", wait_cause::person},
    // Where an effect stands.
    known_text{"running at the vendor", wait_cause::running},
    known_text{"not found yet", wait_cause::doubt},
    known_text{"proven absent", wait_cause::doubt},
    known_text{"no end of the list", wait_cause::doubt},
    known_text{"no event has said", wait_cause::doubt},
    known_text{"may have forgotten its key", wait_cause::doubt},
    known_text{"the look-up is refused or cannot be read", wait_cause::doubt},
    // The transport's.
    known_text{"host name not resolved", wait_cause::dns},
    known_text{"TLS ", wait_cause::tls},
    known_text{"refused or unreachable", wait_cause::connection},
    known_text{"connection broke while sending", wait_cause::connection},
    known_text{"no route", wait_cause::connection},
    known_text{"queue full", wait_cause::place},
    known_text{"deadline passed in the queue", wait_cause::place},
    known_text{"no resources", wait_cause::place},
};

/// Of `429 rate_limit`, `look-up: 503`: the status; 0 where it names none.
int status_in(std::string_view reason) {
  constexpr std::string_view lookup = "look-up: ";
  if (reason.starts_with(lookup))
    reason.remove_prefix(lookup.size());
  const bool is_status =
      reason.size() >= 3 && (reason.size() == 3 || reason[3] == ' ') &&
      std::all_of(reason.begin(), reason.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
  return is_status ? (reason[0] - '0') * 100 + (reason[1] - '0') * 10 + (reason[2] - '0') : 0;
}

} // namespace

std::string_view name_of(wait_cause cause) {
  return wait_bounds[static_cast<std::size_t>(cause)].name;
}

std::int64_t too_long_ms(wait_cause cause, std::int64_t instead_ms) {
  const auto own = wait_bounds[static_cast<std::size_t>(cause)].too_long_ms;
  return own > 0 && instead_ms > 0 ? instead_ms : own;
}

wait_cause cause_of(std::string_view reason) {
  for (const auto& [part, cause] : known_texts)
    if (reason.find(part) != std::string_view::npos)
      return cause;
  switch (status_in(reason)) {
  case 425:
  case 429:
    return wait_cause::limiter;
  case 401:
  case 403:
  case 404:
  case 405:
  case 407:
    return wait_cause::credential;
  default:
    return reason.find("ratelimited") != std::string_view::npos ||
                   reason.find("rate_limit") != std::string_view::npos
               ? wait_cause::limiter
               : wait_cause::answer;
  }
}

} // namespace orderhub::durable
