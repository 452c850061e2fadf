#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/object_row.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace orderhub::journal {

/// Finished invocations of some objects, with their journals.
struct past_invocations {
  std::vector<invocation_row> found; ///< By id, so by time.
  bool is_whole = true; ///< False: there were more rows of that time than are looked at.
};

/// Looks at no more rows than this, of whatever objects.
inline constexpr std::size_t past_rows_max = 4'000;
/// And takes no more journals than this.
inline constexpr std::size_t past_found_max = 100;

/// Those that began with one request, accepted at `accepted_at`, and all that it caused: an id
/// begins with its time, a child's with its caller's, so that a family lies together in `iv`. What
/// another request caused is elsewhere, and is not found. `rows` alone are read: what has ended
/// since the last checkpoint is not among them yet. Rows that cannot be read are passed over. Fails
/// where the table cannot be read.
result<past_invocations> past_of(const reader& rows, std::span<const object_id> objects,
                                 unix_ms accepted_at);

} // namespace orderhub::journal
