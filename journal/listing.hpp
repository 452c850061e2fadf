#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "journal/object_state.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How an object is found again among millions: what its service says of it for lists. The journal
/// stores it beside the object's row, in the same transactions, and knows no more of it.
namespace orderhub::journal {

/// Something that holds of an object now, and since when: a list of what has the mark reads nothing
/// else. For what holds of few; of what holds of most a count does.
struct listing_mark {
  std::string name; ///< 1 to `mark_size_max` bytes.
  unix_ms since = 0;
  bool of_whole = false; ///< However many parts of one whole have it, it counts once.

  friend auto operator<=>(const listing_mark&, const listing_mark&) = default;
};
inline constexpr std::size_t mark_size_max = 64;

/// One object in lists.
struct listing {
  /// Its place among all that are listed; never changes. 0: it has none, and is found by its marks
  /// and keys alone: a part of another object.
  unix_ms created = 0;
  /// Of what it is a part, itself where it is the whole; without a service: of nothing.
  object_id whole;
  std::string row;                 ///< What a list shows of it; at most `listing_row_max` bytes.
  std::vector<listing_mark> marks; ///< Counted and listed; ascending, each name once.
  std::vector<std::string> counts; ///< Counted only; ascending, each once, none a mark's name.
  /// Texts by which it is found: ids of vendors, an e-mail address. Only an HMAC of each is stored.
  /// Ascending, each once; at most `listing_keys_max` of them count.
  std::vector<std::string> keys;

  friend bool operator==(const listing&, const listing&) = default;
};
inline constexpr std::size_t listing_row_max = 4'096;
inline constexpr std::size_t listing_keys_max = 64;

/// The lists of a program: a pure function for each service that lists. Nothing: the object is in
/// no list, now.
struct listing_rules {
  using rule = std::function<std::optional<listing>(const object_state&)>;
  /// Goes up whenever a rule answers otherwise for the same state: then lists are made anew from
  /// the objects at the next start. Not 0.
  std::uint32_t form = 1;
  /// Null: its objects are in no list; what has ended on them is found (`past_of_objects`), as it
  /// is of every service here.
  std::map<std::string, rule, std::less<>> by_service;
  /// How vendors call what a step made, as the value of its completion says: ids by which the
  /// invocation is found as it is by a vendor's id of a call (`hub_journal::answered_as`). What
  /// stands behind the last colon of one stands so in the value. Pure and quick, since it is asked
  /// of every completion that is folded. Null: none.
  std::vector<std::string> (*ids_in)(std::string_view value) = nullptr;

  [[nodiscard]] const rule* find(std::string_view service) const {
    const auto it = by_service.find(service);
    return it == by_service.end() || !it->second ? nullptr : &it->second;
  }
  [[nodiscard]] bool indexes(std::string_view service) const {
    return by_service.find(service) != by_service.end();
  }
};

/// A place in a list: of all objects, which goes from the newest to the oldest, or of those with a
/// mark, which goes the other way.
struct listing_place {
  unix_ms at = 0;     ///< Created, or since when it has the mark.
  std::string digest; ///< Of the object, 16 bytes; empty: before all of that time.

  friend auto operator<=>(const listing_place&, const listing_place&) = default;
};

/// An object as a list has it.
struct listed_object {
  object_id object;
  log_sequence version = 0; ///< Of its last record.
  listing what;             ///< Of a row without its marks and keys.
};

struct listed_page {
  std::vector<listed_object> found;
  std::optional<listing_place> next; ///< Where to go on; nothing: this was the end.
  std::size_t scanned = 0;           ///< Rows looked at.
};

/// An object that has a mark.
struct marked_object {
  unix_ms since = 0;
  object_id object;

  friend auto operator<=>(const marked_object&, const marked_object&) = default;
};
/// Its place.
listing_place place_of(const marked_object& object);
listing_place place_of(const listed_object& object);
struct marked_page {
  std::vector<marked_object> found; ///< The longest first.
  std::size_t scanned = 0;
  bool is_whole = true; ///< False: there were more.
};

/// How many there are: exact, as of the last commit.
struct listing_counts {
  std::map<std::string, std::int64_t, std::less<>> counts; ///< Of marks and `listing::counts`.
  bool is_whole = true; ///< False: of what is not in rows yet some was not looked at.
};

} // namespace orderhub::journal
