#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/store.hpp"

#include <string>
#include <string_view>
#include <vector>

/// A copy of a journal says in itself that it is one, and a journal that was restored from a copy
/// says since when: between the two lies what it has forgotten.
namespace orderhub::journal {

namespace meta_key {
constexpr std::string_view copied = "copied";
constexpr std::string_view restored = "restored";
} // namespace meta_key

/// `mt` copied: u8 version | u64 made at | u64 LSN of its newest record | u32 crc
struct copy_mark {
  unix_ms made_at = 0;       ///< By the wall clock of the machine that made it.
  log_sequence last_lsn = 0; ///< 0: it holds no record.

  friend bool operator==(const copy_mark&, const copy_mark&) = default;
};
std::string encode(const copy_mark& mark);
result<copy_mark> decode_copy_mark(std::string_view bytes);

/// A copy, and when a hub first started on it.
struct restoration {
  copy_mark copy;
  unix_ms started_at = 0;

  friend bool operator==(const restoration&, const restoration&) = default;
};
/// `mt` restored: u8 version | u8 count | that many: u64 made at, u64 LSN, u64 started at | u32
/// crc. Oldest first.
std::string encode(const std::vector<restoration>& all);
result<std::vector<restoration>> decode_restorations(std::string_view bytes);

/// At most so many are kept; of more the oldest go.
inline constexpr std::size_t restorations_max = 32;

/// Writes the mark into a copy, in the transaction given, which the caller commits. A copy of a
/// copy that no hub has started on keeps the older mark: what it holds ends there.
result<void> mark_copy(write_transaction& copy, unix_ms made_at);

/// What this journal was restored from, oldest first; empty for one that never was. Where the mark
/// of a copy is there, this is its first start: it is noted with `now`, and the mark is gone. At
/// every start, by `start_on` (copied_effects.hpp); fails as the store does, or with `corrupt`.
result<std::vector<restoration>> take_restorations(store& tables, unix_ms now);

/// LSN of the newest record, whether it is still in the log or not; 0: there never was one.
result<log_sequence> last_lsn_of(const reader& rows);

} // namespace orderhub::journal
