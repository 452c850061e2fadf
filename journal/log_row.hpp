#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <cstddef>
#include <functional>
#include <string_view>

/// Rows of the log. One holds records that were committed together, one behind the other, under the
/// first one's LSN: so the bytes of a commit lie in one run of pages, and reach the disk as one.
namespace orderhub::journal {

/// A row is closed before it grows past this; one turn that is larger has a row of its own.
constexpr std::size_t log_row_size_max = 64U << 10U;

/// Called for each record with its LSN and bytes, which point into the row. A failure ends the
/// walk.
using record_visitor = std::function<result<void>(log_sequence lsn, std::string_view bytes)>;

/// Walks the row whose key is `first`. Fails with what `visit` fails with, or with `corrupt` where
/// sizes go past the row's end, naming the record; checksums are `decode_record`'s to judge.
result<void> each_record(log_sequence first, std::string_view row, const record_visitor& visit);

/// LSN of the row's last record. Fails like `each_record`.
result<log_sequence> last_in(log_sequence first, std::string_view row);

} // namespace orderhub::journal
