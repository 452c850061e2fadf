#include "journal/log_row.hpp"

#include "journal/record.hpp"

#include <string>

namespace orderhub::journal {

result<void> each_record(log_sequence first, std::string_view row, const record_visitor& visit) {
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
    return fail(std::move(done).error());
  return last;
}

} // namespace orderhub::journal
