#pragma once
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Keys and small rows of the lists (FORMAT.md, Lists).
namespace orderhub::journal {

namespace meta_key {
constexpr std::string_view listing = "listing";
} // namespace meta_key
namespace index_prefix {
constexpr char mark = 'l';       ///< Objects by a mark of theirs, and since when.
constexpr char invocation = 'i'; ///< Invocations by object.
constexpr char whole = 'w';      ///< Marks that count once for all parts of one whole.
} // namespace index_prefix

/// `ls`: u64 created | 16 B object digest.
std::string listing_key(const listing_place& place);
std::optional<listing_place> parse_listing_key(std::string_view key);
/// u8 version | str8 service | str8 key | str16 row | u32 crc
struct listing_row {
  object_id object;
  std::string row;
};
std::string encode(const listing_row& row);
result<listing_row> decode_listing_row(std::string_view bytes);

/// `ix`, mark: 'l' | str8 name | u64 since | 16 B object digest. The value is an object reference.
std::string mark_key(std::string_view name, unix_ms since, std::string_view digest);
/// Begins every key of that mark.
std::string mark_key_from(std::string_view name);
struct mark_place {
  std::string name;
  unix_ms since = 0;
  std::string digest;
};
std::optional<mark_place> parse_mark_key(std::string_view key);

/// `ix`, invocation: 'i' | first 8 B of the object digest | first 10 B of the invocation's id. The
/// value is empty. Such a beginning leads to the row; what else begins so is told by the row.
std::string object_invocation_key(std::string_view digest, const invocation_id& id);
/// Begins every key of that object.
std::string object_invocation_key_from(std::string_view digest);
/// The beginning of the invocation's key in `iv`; nothing where it is no such key.
std::optional<std::string> invocation_begin_in(std::string_view key);

/// `ix`, whole: 'w' | 16 B digest of the whole's object. The value is a `parts_marked`; there is
/// none where no part has such a mark.
std::string whole_key(std::string_view digest);
/// How many parts have each of the marks; of none 0.
using parts_marked = std::map<std::string, std::uint32_t, std::less<>>;
/// u8 version | u16 count | that many: str8 name | u16 parts | u32 crc
std::string encode(const parts_marked& marks);
result<parts_marked> decode_parts_marked(std::string_view bytes);

/// Secret of one journal.
using listing_secret = std::array<std::uint8_t, 32>;
/// `rf`: first 8 B of the HMAC-SHA256 of the text | first 6 B of the object digest. The value is a
/// `found_object`.
std::string found_by_key(const listing_secret& secret, std::string_view text,
                         std::string_view digest);
/// Begins every key of that text.
std::string found_by_key_from(const listing_secret& secret, std::string_view text);
inline constexpr std::size_t found_by_key_size = 14;
/// 6 B created, which leads with the digest to the row of `ls`; of what has no row there an object
/// reference.
struct found_object {
  unix_ms created = 0;
  std::optional<object_id> object;
};
std::string encode(const found_object& found);
result<found_object> decode_found_object(std::string_view bytes);

/// How far the lists are made from the objects.
enum class listing_step : std::uint8_t {
  drop = 1,        ///< Rows of another form go.
  objects = 2,     ///< Objects up to `position` are in lists,
  invocations = 3, ///< all are, and invocations up to it.
  done = 4,
};
/// `mt` listing: u8 version | u32 form | u8 step | str16 position | u64 seen | 32 B secret |
/// u32 count | that many: str8 name | u64 count | u32 crc. Written in every transaction that
/// changes a list.
struct listing_state {
  std::uint32_t form = 0; ///< 0: there are no lists.
  listing_step step = listing_step::done;
  std::string position;   ///< The last key that the step is done with.
  std::uint64_t seen = 0; ///< So many of them.
  listing_secret secret{};
  std::map<std::string, std::int64_t, std::less<>> counts;

  /// Whether an object with this key in `ob` is in lists as far as it has a row.
  [[nodiscard]] bool covers(std::string_view object) const {
    return step >= listing_step::invocations ||
           (step == listing_step::objects && object <= position);
  }
};
std::string encode(const listing_state& state);
result<listing_state> decode_listing_state(std::string_view bytes);

} // namespace orderhub::journal
