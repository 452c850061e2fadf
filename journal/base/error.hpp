#pragma once
#include <cstdint>
#include <string>

namespace orderhub {

/// What the caller can do next. A kind exists only where two callers would act differently.
/// The numbers reach the disk: append, never reuse.
enum class error_kind : std::uint8_t {
  invalid = 1,         ///< Our request was wrong. Never retry.
  rejected = 2,        ///< The other side decided against us (card declined). Final.
  unavailable = 3,     ///< Nothing happened. Retry with backoff.
  in_doubt = 4,        ///< It may have happened. Resolve by the same key or by look-up.
  corrupt = 5,         ///< Stored bytes fail their checks. Stop writing, keep the evidence.
  diverged = 6,        ///< Replay asked for another step than the journal holds. Pause.
  cancelled = 7,       ///< The invocation was cancelled. Compensate, then end.
  in_doubt_stored = 8, ///< The vendor keeps this very answer under the key: look it up.
  missed = 9,          ///< In doubt, and by its policy neither repeated nor looked up. Report it.
  full = 10,           ///< No room (disk, map, queue). Nothing was lost; try again later.
  not_found = 11,      ///< There is no such thing.
  /// Our credential, scope or path is wrong: a fault of the configuration, which holds every call
  /// with it. Nothing happened; wait until a person has changed the setting.
  misconfigured = 12,
  /// Refused in words that prove an earlier effect (`idempotency_error`, "already refunded"): find
  /// it by look-up and adopt it. Never a reason for a new key.
  done_before = 13,
  other_revision = 14, ///< Begun by another revision of the handler. Pause.
};

/// A failure as a value.
struct error {
  error_kind kind = error_kind::invalid;
  std::string where;   ///< Who says so, a dotted constant: `stripe.charge`.
  std::string message; ///< For a person. Never a secret, card data or personal data.
  /// The HTTP status an invocation ended by this leaves with, 400 to 599; 0: by kind.
  std::uint16_t status = 0;
  /// How long the other side asked us to wait, in milliseconds; 0: it did not say.
  std::int64_t retry_after_ms = 0;

  friend bool operator==(const error&, const error&) = default;
};

/// Constant name of a kind for logs and errors.
constexpr const char* name_of(error_kind kind) {
  switch (kind) {
  case error_kind::invalid:
    return "invalid";
  case error_kind::rejected:
    return "rejected";
  case error_kind::unavailable:
    return "unavailable";
  case error_kind::in_doubt:
    return "in_doubt";
  case error_kind::corrupt:
    return "corrupt";
  case error_kind::diverged:
    return "diverged";
  case error_kind::cancelled:
    return "cancelled";
  case error_kind::in_doubt_stored:
    return "in_doubt_stored";
  case error_kind::missed:
    return "missed";
  case error_kind::full:
    return "full";
  case error_kind::not_found:
    return "not_found";
  case error_kind::misconfigured:
    return "misconfigured";
  case error_kind::done_before:
    return "done_before";
  case error_kind::other_revision:
    return "other_revision";
  }
  return "unknown";
}

/// The one table from a kind of failure to the HTTP status it leaves with. An error that names its
/// own status (400 to 599) leaves with that.
constexpr std::uint16_t status_of(error_kind kind) {
  switch (kind) {
  case error_kind::invalid:
    return 400;
  case error_kind::rejected:
    return 409;
  case error_kind::unavailable:
    return 503;
  case error_kind::in_doubt:
    return 500;
  case error_kind::corrupt:
    return 500;
  case error_kind::diverged:
    return 500;
  case error_kind::cancelled:
    return 409;
  case error_kind::in_doubt_stored:
    return 500;
  case error_kind::missed:
    return 500;
  case error_kind::full:
    return 503;
  case error_kind::not_found:
    return 404;
  case error_kind::misconfigured:
    return 503;
  case error_kind::done_before:
    return 409;
  case error_kind::other_revision:
    return 500;
  }
  return 500;
}

inline std::uint16_t status_of(const error& e) {
  return e.status >= 400 && e.status <= 599 ? e.status : status_of(e.kind);
}

} // namespace orderhub
