#include "journal/log_row.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/record.hpp"

namespace orderhub::journal {

std::string log_row_head(log_sequence first, std::int64_t boottime_ms) {
  byte_writer checked(16);
  checked.i64(boottime_ms);
  checked.u64(first);
  byte_writer w(log_row_head_size);
  w.i64(boottime_ms);
  w.u32(crc32_of(checked.view()));
  return w.take();
}

result<std::int64_t> boottime_of(log_sequence first, std::string_view row) {
  const auto head = row.substr(0, log_row_head_size);
  const auto boottime = byte_reader(head).i64();
  if (head != log_row_head(first, boottime))
    return fail({error_kind::corrupt, "journal.log_row",
                 "log record " + std::to_string(first) + ": the head of its row is damaged"});
  return boottime;
}

result<void> each_record(log_sequence first, std::string_view row, const record_visitor& visit) {
  if (auto head = boottime_of(first, row); !head)
    return head.failure();
  row.remove_prefix(log_row_head_size);
  auto lsn = first;
  do {
    const auto size = record_size(row);
    if (!size)
      return fail({error_kind::corrupt, "journal.log_row",
                   "log record " + std::to_string(lsn) + ": its sizes go past its row's end"});
    if (auto done = visit(lsn, row.substr(0, *size)); !done)
      return done;
    row.remove_prefix(*size);
    ++lsn;
  } while (!row.empty());
  return {};
}

result<log_sequence> last_in(log_sequence first, std::string_view row) {
  log_sequence last = first;
  auto done = each_record(first, row, [&](log_sequence lsn, std::string_view) -> result<void> {
    last = lsn;
    return {};
  });
  if (!done)
    return done.failure();
  return last;
}

} // namespace orderhub::journal
