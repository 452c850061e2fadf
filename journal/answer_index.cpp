#include "journal/answer_index.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/key.hpp"
#include "journal/record_bytes.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::journal {

using record_bytes::behind_version;
using record_bytes::with_checksum;

namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::size_t place_size = 10;

/// Behind every row of the index.
std::string end_of_rows() {
  return std::string(1, index_prefix::answer + 1);
}

/// Whether any invocation of that time is there.
result<bool> is_there(const reader& rows, unix_ms begun) {
  bool found = false;
  auto scanned = rows.scan(table::iv, invocation_key(first_of(begun)), [&](auto key, auto) {
    const auto id = parse_invocation_key(key);
    found = id && time_of(*id) == begun;
    return false;
  });
  if (!scanned)
    return scanned.failure();
  return found;
}

/// Whether the hash is at one of a row's places; of one that is damaged, perhaps. So most rows are
/// passed over without being read.
bool may_have(std::string_view row, std::string_view hash) {
  constexpr std::size_t head = 9, tail = 4;
  if (row.size() < head + tail || (row.size() - head - tail) % place_size != 0)
    return true;
  for (auto at = head; at + tail < row.size(); at += place_size)
    if (row.compare(at, hash.size(), hash) == 0)
      return true;
  return false;
}

} // namespace

std::string answer_row_key(std::uint64_t number) {
  byte_writer w(9);
  w.u8(static_cast<std::uint8_t>(index_prefix::answer));
  w.u64(number);
  return w.take();
}

std::optional<std::uint64_t> parse_answer_row_key(std::string_view key) {
  byte_reader r(key);
  if (r.u8() != static_cast<std::uint8_t>(index_prefix::answer))
    return std::nullopt;
  const auto number = r.u64();
  return r.done() ? std::optional(number) : std::nullopt;
}

std::string encode(const answer_row& row) {
  byte_writer w(16 + place_size * row.places.size());
  w.u8(row_version);
  w.i64(row.newest);
  for (const auto& p : row.places) {
    const auto begun = static_cast<std::uint64_t>(std::max<unix_ms>(p.begun, 0));
    w.u32(p.hash);
    w.u16(static_cast<std::uint16_t>(begun >> 32U));
    w.u32(static_cast<std::uint32_t>(begun));
  }
  return with_checksum(std::move(w));
}

result<answer_row> decode_answer_row(std::string_view bytes) {
  constexpr auto where = "journal.answer_row";
  auto body = behind_version(bytes, row_version, where);
  if (!body)
    return body.failure();
  byte_reader r(*body);
  answer_row row;
  row.newest = r.i64();
  row.places.reserve(body->size() / place_size);
  while (r.ok() && !r.done()) {
    answer_place p;
    p.hash = r.u32();
    const std::uint64_t high = r.u16();
    p.begun = static_cast<unix_ms>(high << 32U | r.u32());
    row.places.push_back(p);
  }
  return record_bytes::finish(r, std::move(row), where);
}

std::uint32_t answer_hash(std::string_view id) {
  return crc32_of(id);
}

std::vector<std::string> vendor_ids_in(record_kind kind, std::string_view payload,
                                       const listing_rules* rules) {
  std::vector<std::string> ids;
  const auto add_call = [&](vendor_answer answer) {
    if (!answer.request_id.empty())
      ids.push_back(std::move(answer.request_id));
  };
  if (kind == record_kind::completion) {
    if (auto answer = decode_answer(payload); answer && *answer)
      add_call(std::move(**answer));
    if (rules != nullptr && rules->ids_in != nullptr)
      if (const auto made = decode_result(payload); made && *made)
        for (auto& id : rules->ids_in(**made))
          ids.push_back(std::move(id));
  } else if (kind == record_kind::effect_note) {
    const auto note = decode_note(payload);
    if (note && note->kind == note_kind::answered)
      if (auto n = decode_answer_note(note->text))
        add_call(std::move(n->answer));
  }
  return ids;
}

bool has_answer(const invocation_state& invocation, std::string_view id,
                const listing_rules* rules) {
  return std::any_of(invocation.entries.begin(), invocation.entries.end(), [&](const entry& e) {
    const auto ids = vendor_ids_in(e.kind, e.payload, rules);
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  });
}

void answer_batch::add(const invocation_id& invocation, record_kind kind, std::string_view payload,
                       unix_ms at, const listing_rules* rules) {
  for (const auto& id : vendor_ids_in(kind, payload, rules)) {
    places.push_back({answer_hash(id), time_of(invocation)});
    newest = std::max(newest, at);
  }
}

result<void> answer_index::start(const reader& rows) {
  open_ = {};
  return rows.scan_back(table::ix, end_of_rows(), [&](auto key, auto value) {
    const auto number = parse_answer_row_key(key);
    if (!number)
      return false;
    open_.number = *number + 1; // One that cannot be read, or is full, is left as it is.
    if (auto row = decode_answer_row(value); row && row->places.size() < answer_places_max)
      open_ = {*number, std::move(*row)};
    return false;
  });
}

result<void> answer_index::write(write_transaction& txn, answer_batch& batch) const {
  if (batch.places.empty())
    return {};
  auto open = open_;
  const auto put = [&]() -> result<void> {
    open.row.newest = std::max(open.row.newest, batch.newest);
    return txn.put(table::ix, answer_row_key(open.number), encode(open.row));
  };
  for (const auto& p : batch.places) {
    if (open.row.places.size() >= answer_places_max) {
      if (auto done = put(); !done)
        return done;
      open = {open.number + 1, {}};
    }
    open.row.places.push_back(p);
  }
  if (auto done = put(); !done)
    return done;
  batch.after = std::move(open);
  return {};
}

void answer_index::note(const answer_batch& done) {
  if (done.after)
    open_ = *done.after;
}

result<std::optional<std::uint64_t>> answer_index::trim(store& tables, bool sync, unix_ms limit,
                                                        std::uint64_t from, std::size_t rows_max) {
  std::vector<std::pair<std::uint64_t, answer_row>> changed;
  std::optional<std::uint64_t> next;
  {
    auto rows = tables.read();
    if (!rows)
      return rows.failure();
    result<void> outcome;
    std::size_t seen = 0;
    auto scanned = (*rows)->scan(table::ix, answer_row_key(from), [&](auto key, auto value) {
      const auto number = parse_answer_row_key(key);
      if (!number)
        return false;
      auto row = decode_answer_row(value);
      if (!row)
        return true; // Whoever searches has all of it made again.
      if (row->newest >= limit)
        return false;
      if (seen++ == rows_max) {
        next = number;
        return false;
      }
      // What one order's steps were answered lies together.
      std::optional<unix_ms> last;
      bool is_last_there = false;
      const auto before = row->places.size();
      std::erase_if(row->places, [&](const answer_place& p) {
        if (last != p.begun && outcome) {
          auto there = is_there(**rows, p.begun);
          if (!there)
            outcome = there.failure();
          last = p.begun;
          is_last_there = there && *there;
        }
        return outcome && !is_last_there;
      });
      if (row->places.size() != before)
        changed.emplace_back(*number, std::move(*row));
      return outcome.has_value();
    });
    if (!scanned)
      return scanned.failure();
    if (!outcome)
      return outcome.failure();
  }
  if (changed.empty())
    return next;
  auto txn = tables.begin_write(sync);
  if (!txn)
    return txn.failure();
  for (const auto& [number, row] : changed) {
    const auto key = answer_row_key(number);
    if (!row.places.empty()) {
      if (auto done = (*txn)->put(table::ix, key, encode(row)); !done)
        return done.failure();
    } else if (auto done = (*txn)->del(table::ix, key); !done) {
      return done.failure();
    }
  }
  if (auto done = (*txn)->commit(); !done)
    return done.failure();
  for (auto& [number, row] : changed)
    if (number == open_.number)
      open_.row = std::move(row);
  return next;
}

answer_times times_of_answer(const reader& rows, std::string_view id, std::size_t rows_max,
                             std::size_t most) {
  answer_times times;
  const auto hash = answer_hash(id);
  byte_writer w(4);
  w.u32(hash);
  const auto wanted = w.take();
  std::size_t looked_at = 0;
  const auto scanned = rows.scan_back(table::ix, end_of_rows(), [&](auto key, auto value) {
    if (!parse_answer_row_key(key))
      return false;
    if (looked_at++ == rows_max || times.begun.size() >= most) {
      times.is_whole = false;
      return false;
    }
    if (!may_have(value, wanted))
      return true;
    const auto row = decode_answer_row(value);
    if (!row) {
      times.is_damaged = true;
      return true;
    }
    for (auto p = row->places.rbegin(); p != row->places.rend(); ++p)
      if (p->hash == hash &&
          std::find(times.begun.begin(), times.begun.end(), p->begun) == times.begun.end())
        times.begun.push_back(p->begun);
    return true;
  });
  times.is_damaged = times.is_damaged || !scanned;
  return times;
}

} // namespace orderhub::journal
