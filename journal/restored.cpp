#include "journal/restored.hpp"

#include "journal/base/bytes.hpp"
#include "journal/key.hpp"
#include "journal/log_row.hpp"
#include "journal/record_bytes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace orderhub::journal {

using record_bytes::with_checksum;
using record_bytes::without_checksum;

namespace {

constexpr std::uint8_t version = 1;
constexpr auto where = "journal.restored";

void put(byte_writer& w, const copy_mark& mark) {
  w.i64(mark.made_at);
  w.u64(mark.last_lsn);
}

copy_mark get_mark(byte_reader& r) {
  copy_mark mark;
  mark.made_at = r.i64();
  mark.last_lsn = r.u64();
  return mark;
}

template <class T>
result<std::optional<T>> read_row(const reader& rows, std::string_view key,
                                  result<T> (*decode)(std::string_view)) {
  auto row = rows.get(table::mt, key);
  if (!row)
    return row.failure();
  if (!*row)
    return std::optional<T>();
  auto value = decode(**row);
  if (!value)
    return value.failure();
  return std::optional<T>(std::move(*value));
}

} // namespace

std::string encode(const copy_mark& mark) {
  byte_writer w(32);
  w.u8(version);
  put(w, mark);
  return with_checksum(std::move(w));
}

result<copy_mark> decode_copy_mark(std::string_view bytes) {
  auto body = without_checksum(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  const auto v = r.u8();
  const auto mark = get_mark(r);
  if (v != version || !r.done())
    return record_bytes::corrupt(where, "the mark of a copy cannot be read");
  return mark;
}

std::string encode(const std::vector<restoration>& all) {
  byte_writer w(16 + 24 * all.size());
  w.u8(version);
  w.u8(static_cast<std::uint8_t>(all.size()));
  for (const auto& r : all) {
    put(w, r.copy);
    w.i64(r.started_at);
  }
  return with_checksum(std::move(w));
}

result<std::vector<restoration>> decode_restorations(std::string_view bytes) {
  auto body = without_checksum(bytes, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  const auto v = r.u8();
  std::vector<restoration> all(r.u8());
  for (auto& one : all) {
    one.copy = get_mark(r);
    one.started_at = r.i64();
  }
  if (v != version || !r.done())
    return record_bytes::corrupt(where, "what the journal was restored from cannot be read");
  return all;
}

result<log_sequence> last_lsn_of(const reader& rows) {
  auto mark = read_row(rows, meta_key::checkpoint, &decode_checkpoint);
  if (!mark)
    return mark.failure();
  auto key = rows.last_key(table::lg);
  if (!key)
    return key.failure();
  const auto folded = *mark ? (*mark)->lsn : log_sequence{0};
  if (!*key) // All of it is in rows.
    return folded;
  auto row = rows.get(table::lg, **key);
  if (!row)
    return row.failure();
  auto last = last_in(parse_log_key(**key).value_or(0), row->value_or(std::string_view()));
  if (!last)
    return last;
  return std::max(*last, folded); // Behind what a commit log had, rows before it may be left.
}

result<void> mark_copy(write_transaction& copy, unix_ms made_at) {
  auto there = copy.get(table::mt, meta_key::copied);
  if (!there)
    return there.failure();
  if (*there)
    return {};
  auto last = last_lsn_of(copy);
  if (!last)
    return last.failure();
  return copy.put(table::mt, meta_key::copied, encode(copy_mark{made_at, *last}));
}

result<std::vector<restoration>> take_restorations(store& tables, unix_ms now) {
  std::vector<restoration> all;
  std::optional<copy_mark> fresh;
  {
    auto rows = tables.read();
    if (!rows)
      return rows.failure();
    auto known = read_row(**rows, meta_key::restored, &decode_restorations);
    if (!known)
      return known.failure();
    auto mark = read_row(**rows, meta_key::copied, &decode_copy_mark);
    if (!mark)
      return mark.failure();
    all = std::move(*known).value_or(std::vector<restoration>());
    fresh = *mark;
  }
  if (!fresh)
    return all;
  all.push_back({*fresh, now});
  if (all.size() > restorations_max)
    all.erase(all.begin());
  auto txn = tables.begin_write(true);
  if (!txn)
    return txn.failure();
  if (auto put = (*txn)->put(table::mt, meta_key::restored, encode(all)); !put)
    return put.failure();
  if (auto gone = (*txn)->del(table::mt, meta_key::copied); !gone)
    return gone.failure();
  if (auto done = (*txn)->commit(); !done)
    return done.failure();
  return all;
}

} // namespace orderhub::journal
