#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/record.hpp"
#include "journal/record_refs.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace orderhub::journal {

/// A record that is ready to be committed.
struct prepared_record {
  unix_ms time = 0;
  std::size_t size = 0; ///< Of its bytes, which follow those of the record before it.
  record_refs refs;
  std::string own;   ///< Object key.
  std::string other; ///< Object key of `refs.other`.
};

struct prepared_turn {
  std::string bytes; ///< Of all its records, one behind the other.
  std::vector<prepared_record> records;
};

/// All records of one step of one object. Committed whole or not at all.
struct turn {
  std::vector<record> records;
  /// The same records as bytes, once `prepare` has been called.
  std::shared_ptr<const prepared_turn> prepared = {};
  /// More comes right behind, of objects that it calls or answers, or with the answer to a call
  /// that left early: one sync can do for all.
  bool followed = false;
};

/// Checks and encodes a turn's records, which must not change after that: what `commit` would
/// otherwise do on the writer's thread. Any thread may. `invalid`: as for `commit`.
[[nodiscard]] result<void> prepare(turn& t);

/// What the record refers to. `invalid`: it cannot be stored, since an object's name or the payload
/// is too long, or the payload cannot be read.
[[nodiscard]] result<record_refs> checked_refs(const record& r);

} // namespace orderhub::journal
