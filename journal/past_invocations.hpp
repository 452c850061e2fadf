#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/listing.hpp"
#include "journal/object_row.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
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

/// The invocations of which a vendor called a call, or what it made, by that id (`vendor_ids_in`),
/// among what was looked at. Mostly one: what is an id within a channel only may be several's.
struct answered_invocations {
  std::vector<invocation_row> found; ///< By id, each once.
  bool is_whole = true;              ///< False: there is more than was looked at.
};
/// Without an index: the newest `most` that have ended, among the newest `rows_max` rows of `iv`.
inline constexpr std::size_t answered_rows_max = 5'000;
result<answered_invocations> answered_as(const reader& rows, std::string_view id,
                                         const listing_rules* rules, std::size_t most,
                                         std::size_t rows_max = answered_rows_max);

} // namespace orderhub::journal
