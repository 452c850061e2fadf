#pragma once
#include "actors/durable/wait_cause.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/orders/order_row.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"
#include "journal/object_state.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// Which orders a list shows. All of it has to hold; within a set one is enough. Empty or nothing:
/// not asked.
struct order_filter {
  std::set<std::string, std::less<>> statuses, vendors, reasons, currencies;
  std::set<durable::wait_cause> waits;
  bool waits_in_doubt = false; ///< Of `waits` too, whatever its cause: a step that is in doubt.
  std::optional<bool> open, attention, in_doubt, paused, stuck;
  std::optional<bool> called; ///< A person is, and not by time alone.
  /// Somebody is called for it, and all of these calls are taken over, or not all.
  std::optional<bool> acked;
  std::optional<unix_ms> since, until; ///< Created: not before, and before.
  std::optional<unix_ms> updated_since;
  /// What it waits for longest, or, where it waits for nothing, itself is older than this.
  std::optional<std::int64_t> older_than_ms;
  std::optional<std::int64_t> min_total, max_total; ///< Minor units.
  std::string key_prefix, key_contains;
  std::string q;              ///< A key; else what keys begin with; else an id of a vendor.
  std::string email, phone;   ///< Whose orders; those that `q` finds, where it is asked, too.
  bool longest_first = false; ///< Else the newest first.
};

/// An order in a list, all objects that work for it together, as its page has it. Where its own is
/// not known here (a fulfilment of another system's order) or is set aside, it is there while
/// something of the others is open.
struct list_item {
  std::string key;
  unix_ms created_at = 0;
  unix_ms updated_at = 0;   ///< Of the last record of all its objects,
  log_sequence version = 0; ///< and which that is, as `order_objects::version` has it.
  order_row row;            ///< With the steps and persons of all.
  std::size_t in_doubt = 0; ///< Steps that may have taken effect.
  bool is_called = false;   ///< A person is, and not by time alone.
  bool is_stuck = false;    ///< Not finished, and nothing will wake it.
  unix_ms open_since = 0;   ///< Of its longest wait; 0: nothing is open.
};

struct order_page {
  std::vector<list_item> items;
  std::optional<journal::listing_place> next; ///< Where the list goes on.
  std::size_t scanned = 0;                    ///< Rows and objects looked at.
  /// False: the bound on what one request looks at ended it, not the list or `most`.
  bool is_complete = true;
};

/// Where lists are read from, as `host::operator_view` has it.
struct list_reader {
  std::function<result<journal::listed_page>(
      const std::optional<journal::listing_place>&, std::size_t rows, std::size_t most,
      const std::function<bool(const journal::listed_object&)>&)>
      listed;
  std::function<result<journal::marked_page>(
      std::span<const std::string>, const std::optional<journal::listing_place>&, std::size_t most)>
      marked;
  std::function<result<std::vector<journal::listed_object>>(std::string_view text,
                                                            std::size_t most)>
      bearing;
  std::function<result<std::vector<std::string>>(std::string_view service, std::string_view prefix,
                                                 std::size_t most)>
      keys_of;
  std::function<result<journal::object_state>(const object_id&)> object;
};

/// Bounds of one page: rows of lists, and objects that are read for it, at most
/// `objects_of_order_max` an order. Of what has a mark or a name no more orders are put in order
/// than may be read; more are looked for in the list of all.
struct list_bounds {
  std::size_t rows = 50'000;
  std::size_t objects = 14'000;

  /// Each may have to be found by another object's key first.
  [[nodiscard]] std::size_t orders() const { return objects / (objects_of_order_max + 1); }
};

/// Orders behind a place, at most `most`. What is open is found by its marks, so it costs what is
/// open and not what is stored; the rest is looked for from the newest on, within the bounds.
/// `call_after_ms`: as `order_settings::call_after_ms`.
result<order_page> list_orders(const order_filter& filter, const list_reader& reader,
                               const std::optional<journal::listing_place>& behind,
                               std::size_t most, unix_ms now, std::int64_t call_after_ms,
                               list_bounds bounds = {});

/// What is counted, with `list_mark::attention` as lists have it: also of those orders that call a
/// person only because they have waited too long (`durable::wait_bounds`). No record says so, and
/// so no mark; they are found by what they wait for, the longest first. It costs what waits too
/// long, and at most `late_objects_max` objects of each bound: there may be more. Where as many are
/// called by records, those are what is counted.
result<journal::listing_counts> counts_with_late(journal::listing_counts counts,
                                                 const list_reader& reader, unix_ms now,
                                                 std::int64_t call_after_ms);
inline constexpr std::size_t late_objects_max = 500;

/// One order as a list has it; nothing where there is none of that key.
result<std::optional<list_item>> list_item_of(const std::string& key, const list_reader& reader,
                                              unix_ms now, std::int64_t call_after_ms);
/// The order for which that object works: a fulfilment's key is its own.
result<std::string> order_of(const object_id& object, const list_reader& reader);

/// Whether a list with that filter has it, as far as the filter is about an order and not about a
/// name (`q`, `email`, `phone`).
bool is_listed(const list_item& item, const order_filter& filter, unix_ms now);

} // namespace orderhub::handlers
