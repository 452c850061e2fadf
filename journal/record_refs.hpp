#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/record.hpp"

#include <optional>

namespace orderhub::journal {

/// What a record says that the overlay's maps must know at once. Read in place, without copying
/// bodies: it stands on the commit path.
struct record_refs {
  /// A second object that the record speaks of (`target_of`), other than its own.
  std::optional<object_id> other;
  /// The invocation that begins with this record (`input`, `call`, `send`), and whether it belongs
  /// to `other`.
  std::optional<invocation_id> starts;
  bool starts_at_other = false;
  /// The request key that came with it.
  std::optional<request_key> key;
  /// A moment at which the object may have something to do: sleep, delayed input, retry.
  std::optional<unix_ms> due_at;
  /// A person did it.
  bool is_action = false;
};

/// Fails with `corrupt` where `apply` would: a payload that it reads is cut short or too long.
result<record_refs> refs_of(const record& r);

} // namespace orderhub::journal
