#include "journal/past_invocations.hpp"

#include "journal/answer_index.hpp"
#include "journal/base/bytes.hpp"
#include "journal/key.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace orderhub::journal {

namespace {

/// An id is made when a request comes, and its record when its turn comes: mostly at once.
constexpr std::array<std::int64_t, 3> windows_ms = {5, 200, 5'000};

/// Whose row it is, without reading the rest: rows of others are most of what is looked at.
bool is_of(std::string_view row, std::span<const object_id> objects) {
  byte_reader r(row);
  r.u8();
  const auto service = r.str8();
  const auto key = r.str8();
  return r.ok() && std::any_of(objects.begin(), objects.end(), [&](const object_id& o) {
           return o.service == service && o.key == key;
         });
}

result<past_invocations> past_within(const reader& rows, std::span<const object_id> objects,
                                     unix_ms from, unix_ms until) {
  past_invocations past;
  std::size_t seen = 0;
  auto scanned = rows.scan(table::iv, invocation_key(first_of(from)), [&](auto key, auto value) {
    const auto id = parse_invocation_key(key);
    if (!id || time_of(*id) > until)
      return false;
    if (seen++ >= past_rows_max || past.found.size() >= past_found_max) {
      past.is_whole = false;
      return false;
    }
    if (!is_of(value, objects))
      return true;
    auto row = decode_invocation_row(value);
    if (row && row->invocation.finished)
      past.found.push_back(std::move(*row));
    return true;
  });
  if (!scanned)
    return scanned.failure();
  return past;
}

} // namespace

result<past_invocations> past_of(const reader& rows, std::span<const object_id> objects,
                                 unix_ms accepted_at) {
  past_invocations past;
  for (const auto window : windows_ms) {
    auto found =
        past_within(rows, objects, std::max<unix_ms>(accepted_at - window, 0), accepted_at);
    if (!found)
      return found;
    past = std::move(*found);
    if (!past.found.empty() || !past.is_whole)
      break;
  }
  return past;
}

result<answered_invocations> answered_as(const reader& rows, std::string_view id,
                                         const listing_rules* rules, std::size_t most,
                                         std::size_t rows_max) {
  answered_invocations answer;
  std::size_t looked_at = 0;
  auto scanned = rows.scan_back(table::iv, {}, [&](std::string_view, std::string_view value) {
    if (looked_at++ == rows_max) {
      answer.is_whole = false;
      return false;
    }
    auto row = decode_invocation_row(value);
    if (row && has_answer(row->invocation, id, rules))
      answer.found.push_back(std::move(*row));
    return answer.found.size() < most;
  });
  if (!scanned)
    return scanned.failure();
  std::reverse(answer.found.begin(), answer.found.end());
  return answer;
}

} // namespace orderhub::journal
