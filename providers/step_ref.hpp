#pragma once
#include <string>

namespace orderhub::providers {

/// Which step of which order of which hub a call is. Made once, by `context::step`, and handed on
/// as one value: the step's name and attempt in the journal, its idempotency key, the metadata of
/// every request that can carry some, and what look-ups and events are compared with. Two hubs on
/// one vendor account may have equal order keys.
struct step_ref {
  std::string hub;           ///< The hub id in hex, 32 characters.
  std::string order_id;      ///< The object's key.
  std::string step;          ///< `charge`
  std::string attempt = "1"; ///< The handler's own attempt: another card, another refund.

  friend bool operator==(const step_ref&, const step_ref&) = default;
};

} // namespace orderhub::providers
