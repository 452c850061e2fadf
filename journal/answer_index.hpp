#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"
#include "journal/object_state.hpp"
#include "journal/record.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// From a vendor's own id of a call, or of what it made, to the invocation whose call it was. Ten
/// bytes an id, many in one row, in the order in which they are folded: no order costs a page of
/// its own (FORMAT.md, Lists).
namespace orderhub::journal {

namespace index_prefix {
constexpr char answer = 'q'; ///< Vendors' ids of calls and of what they made.
} // namespace index_prefix

/// What the index has of one id. Which of the invocations of that time it was, and whether it is
/// the same id at all, is told by their rows.
struct answer_place {
  std::uint32_t hash = 0; ///< `answer_hash`
  unix_ms begun = 0;      ///< With which the invocation's id begins.

  friend bool operator==(const answer_place&, const answer_place&) = default;
};
struct answer_row {
  unix_ms newest = 0; ///< Of the records that it was made of.
  std::vector<answer_place> places;

  friend bool operator==(const answer_row&, const answer_row&) = default;
};
/// So many fit into one page of the store.
inline constexpr std::size_t answer_places_max = 400;

/// `ix`, answers: 'q' | u64 number.
std::string answer_row_key(std::uint64_t number);
std::optional<std::uint64_t> parse_answer_row_key(std::string_view key);
/// u8 version | u64 newest | places, each u32 hash | 6 B begun | u32 crc
std::string encode(const answer_row& row);
result<answer_row> decode_answer_row(std::string_view bytes);

/// CRC-32 of the id.
std::uint32_t answer_hash(std::string_view id);
/// The vendor's own id of the call whose answer such an entry has, and those of what it made, by
/// `listing_rules::ids_in`; `rules` may be null.
std::vector<std::string> vendor_ids_in(record_kind kind, std::string_view payload,
                                       const listing_rules* rules);
/// Whether one of its calls, or what one made, has that id.
bool has_answer(const invocation_state& invocation, std::string_view id,
                const listing_rules* rules);

/// What of the index changes in one transaction.
struct answer_batch {
  unix_ms newest = 0;
  std::vector<answer_place> places; ///< That come.
  struct open_row {
    std::uint64_t number = 1;
    answer_row row;
  };
  std::optional<open_row> after; ///< Once it is written.

  void add(const invocation_id& invocation, record_kind kind, std::string_view payload, unix_ms at,
           const listing_rules* rules);
};

/// Fills one row after the other. The folder's thread alone.
class answer_index {
public:
  /// Goes on with the last row that there is.
  [[nodiscard]] result<void> start(const reader& rows);
  [[nodiscard]] result<void> write(write_transaction& txn, answer_batch& batch) const;
  /// It was committed.
  void note(const answer_batch& done);
  /// All rows are about to go.
  void drop() { open_.row = {}; }

  /// Of rows whose newest record is before `limit`, what is about invocations that are gone. A
  /// piece of `rows_max` rows behind `from`, in a transaction of its own; where it goes on, or
  /// nothing: that was the last.
  [[nodiscard]] result<std::optional<std::uint64_t>> trim(store& tables, bool sync, unix_ms limit,
                                                          std::uint64_t from, std::size_t rows_max);

private:
  answer_batch::open_row open_; ///< As committed.
};

/// The times of invocations that may have that id, the newest rows first, at most `most`.
/// `looked_at`: rows of the index, at most `rows_max`; then `is_whole` is false.
struct answer_times {
  std::vector<unix_ms> begun;
  bool is_whole = true;
  bool is_damaged = false; ///< A row that may have it cannot be read; it was passed over.
};
answer_times times_of_answer(const reader& rows, std::string_view id, std::size_t rows_max,
                             std::size_t most);

} // namespace orderhub::journal
