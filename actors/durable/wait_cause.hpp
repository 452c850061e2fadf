#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace orderhub::durable {

/// What a step waits for. Names are labels of metrics and words of the log and of GetOrder:
/// appended, never given another meaning.
enum class wait_cause : std::uint8_t {
  answer,     ///< The vendor's: a call is out, was lost, or was answered by a server error.
  connection, ///< None comes about.
  dns,        ///< The vendor's name is not resolved.
  tls,        ///< The handshake fails, or the certificate is not trusted.
  credential, ///< The vendor refuses our key, scope or path.
  breaker,    ///< The vendor is held as not reached; one call at a time tries.
  limiter,    ///< The vendor's limit: it said so (429), or our own count of it did.
  place,      ///< A place on the wire.
  doubt,      ///< Proof of what became of a call.
  running,    ///< The vendor works on it: a label that is QUEUED, a payment in processing.
  tracking,   ///< The carrier gives the tracking number.
  bank,       ///< The bank decides on a payment.
  refund,     ///< The bank gives money back.
  customer,   ///< Who must authenticate the payment.
  refusal,    ///< Definitely refused, and tried again later.
  earlier,    ///< Another call of the same object, which runs before.
  time,       ///< The moment at which it was to begin.
  hub,        ///< Nobody else: it goes on.
  person,     ///< A person's decision.
  delivery,   ///< The carrier says whether an SMS came, or never does.
  packing,    ///< The warehouse packs.
  pickup,     ///< The carrier picks up.
};
inline constexpr std::size_t wait_cause_count = 22;

/// How long a step may have waited, while this is what it waits for, before a person is called:
/// the one table of it.
struct wait_bound {
  std::string_view name;
  std::int64_t too_long_ms;
};
inline constexpr std::int64_t wait_minute_ms = 60'000;
inline constexpr std::int64_t wait_day_ms = 24 * 60 * wait_minute_ms;
inline constexpr std::array<wait_bound, wait_cause_count> wait_bounds = {{
    {"answer", 10 * wait_minute_ms},
    {"connection", 10 * wait_minute_ms},
    {"dns", 10 * wait_minute_ms},
    {"tls", 10 * wait_minute_ms},
    {"credential", 10 * wait_minute_ms},
    {"breaker", 10 * wait_minute_ms},
    {"limiter", 30 * wait_minute_ms},
    {"place", 30 * wait_minute_ms},
    {"doubt", 30 * wait_minute_ms},
    {"running", 60 * wait_minute_ms},
    {"tracking", wait_day_ms},
    {"bank", wait_day_ms},
    {"refund", 7 * wait_day_ms},
    {"customer", wait_day_ms},
    {"refusal", 0}, // For a refusal a person is called at once.
    {"earlier", 60 * wait_minute_ms},
    {"time", 0}, // As somebody wanted it.
    {"hub", 60 * wait_minute_ms},
    {"person", 0},   // Who was called already.
    {"delivery", 0}, // Many carriers never say; it fails nothing.
    {"packing", 2 * wait_day_ms},
    {"pickup", 2 * wait_day_ms},
}};

std::string_view name_of(wait_cause cause);
/// 0: nobody is called by time for that. `instead_ms` stands for all others where it is positive.
std::int64_t too_long_ms(wait_cause cause, std::int64_t instead_ms = 0);

/// The cause that a wait's reason names: reasons are texts of ours (the transport's, the gate's, an
/// effect's), or begin with the status of the vendor's answer.
wait_cause cause_of(std::string_view reason);

} // namespace orderhub::durable
