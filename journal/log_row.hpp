#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// Rows of the log. One holds records that were committed together, one behind the other, under the
/// first one's LSN: so the bytes of a commit lie in one run of pages, and reach the disk as one.
/// Before them stands when that was, by the clock of the machine's boot.
namespace orderhub::journal {

/// A row is closed before it grows past this; one turn that is larger has a row of its own.
constexpr std::size_t log_row_size_max = 64U << 10U;

/// u64 boottime in ms | u32 crc of it and of the first LSN
constexpr std::size_t log_row_head_size = 12;
std::string log_row_head(log_sequence first, std::int64_t boottime_ms);
/// Fails with `corrupt` where the head is damaged, or that of another row.
result<std::int64_t> boottime_of(log_sequence first, std::string_view row);

/// Called for each record with its LSN and bytes, which point into the row. A failure ends the
/// walk.
using record_visitor = std::function<result<void>(log_sequence lsn, std::string_view bytes)>;

/// Walks the row whose key is `first`. Fails with what `visit` fails with, or with `corrupt` where
/// the head is damaged or sizes go past the row's end, naming the record; the records' checksums
/// are `decode_record`'s to judge.
result<void> each_record(log_sequence first, std::string_view row, const record_visitor& visit);

/// LSN of the row's last record. Fails like `each_record`.
result<log_sequence> last_in(log_sequence first, std::string_view row);

} // namespace orderhub::journal
