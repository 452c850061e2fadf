#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/random.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/object_state.hpp"
#include "journal/record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

// A bulk is one action on many orders (or dead webhooks). Its plan freezes the set of keys; whoever
// starts it says how many they are. It is an object of the journal, `Bulk/{id}`, and an object for
// each 500 of its keys, `BulkPage/{id}:{n}`, which does them one after the other at a pace and
// keeps each one's outcome. So it goes on after a crash where it was, and nothing of it is done
// twice.

inline constexpr const char* bulk_service_name = "Bulk";
inline constexpr const char* bulk_page_service_name = "BulkPage";
inline constexpr std::size_t bulk_page_keys = 500;
/// For the role operate, and for any.
inline constexpr std::size_t bulk_items_operate_max = 1'000, bulk_items_max = 100'000;
inline constexpr std::uint32_t bulk_rate = 20, bulk_rate_max = 200; ///< Items a second.
/// Items are done in batches: so many that one takes this long at their rate.
inline constexpr std::int64_t bulk_batch_ms = 250;
inline constexpr std::size_t bulk_samples = 20;

enum class bulk_action : std::uint8_t { retry = 1, pause = 2, resume = 3, cancel = 4, replay = 5 };
/// `retry`, …
std::string_view name_of(bulk_action action);
std::optional<bulk_action> bulk_action_named(std::string_view name);
/// Of those on orders.
journal::operator_verb verb_of(bulk_action action);

/// Why an item is left out of a plan, or passed over when its turn comes.
enum class bulk_skip : std::uint8_t {
  no_such_order = 1,
  unreadable = 2,
  nothing_to_retry = 3,
  may_repeat = 4,
  finished = 5,
  already_paused = 6,
  not_paused = 7,
  already_cancelled = 8,
  on_its_way = 9,
  no_such_webhook = 10,
  not_dead = 11,
  moved_on = 12, ///< What it was about ended while its turn came.
  purged = 13,
};
inline constexpr std::size_t bulk_skip_count = 13;
std::string_view name_of(bulk_skip why);
/// What it means, in one sentence.
std::string_view sentence_of(bulk_skip why);

/// Who plans, starts, pauses or cancels it, as its records have them.
struct bulk_person {
  std::string who, role, via, on_behalf, request;

  friend bool operator==(const bulk_person&, const bulk_person&) = default;
};

/// Of one item.
struct bulk_outcome {
  enum class kind : std::uint8_t { done = 1, skipped = 2, failed = 3 };
  kind what = kind::done;
  bulk_skip why = bulk_skip::moved_on; ///< Of `skipped`.
  std::string text;                    ///< Of `failed`; at most 200 bytes.
  unix_ms at = 0;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`, as the others here do.
  static result<bulk_outcome> decode(std::string_view bytes);
  friend bool operator==(const bulk_outcome&, const bulk_outcome&) = default;
};

struct bulk_tally {
  std::uint32_t done = 0, failed = 0;
  std::map<bulk_skip, std::uint32_t> skipped;

  [[nodiscard]] std::uint32_t skipped_count() const;
  void add(const bulk_outcome& one);
  void add(const bulk_tally& others);
  friend bool operator==(const bulk_tally&, const bulk_tally&) = default;
};

/// What was left out of a plan for one reason: how many, and the first of them.
struct bulk_excluded {
  bulk_skip why = bulk_skip::moved_on;
  std::uint32_t count = 0;
  std::vector<std::string> keys; ///< At most `bulk_excluded_keys`.

  friend bool operator==(const bulk_excluded&, const bulk_excluded&) = default;
};
inline constexpr std::size_t bulk_excluded_keys = 5;

/// What is frozen, but for the keys.
struct bulk_plan {
  bulk_action action = bulk_action::retry;
  std::string reason; ///< Why; empty only of a retry.
  std::string filter; ///< Its members as JSON, none of them personal; empty: keys were given.
  bool accepts_repeat = false; ///< Of a retry.
  std::uint32_t rate_per_s = bulk_rate;
  std::uint32_t count = 0;
  log_sequence as_of = 0; ///< The set is that of this place in the log.
  std::string action_id;  ///< The same for a repeat under the same `idempotency-key`.
  bulk_person by;
  unix_ms at = 0;
  std::vector<bulk_excluded> excluded;
  std::vector<std::string> samples; ///< The first keys; at most `bulk_samples`.

  [[nodiscard]] std::uint32_t pages() const {
    return static_cast<std::uint32_t>((count + bulk_page_keys - 1) / bulk_page_keys);
  }
  [[nodiscard]] std::string encode() const;
  static result<bulk_plan> decode(std::string_view bytes);
  friend bool operator==(const bulk_plan&, const bulk_plan&) = default;
};

enum class bulk_phase : std::uint8_t {
  planned = 1,
  running = 2,
  paused = 3,
  cancelled = 4, ///< Its other items are not done any more.
  finished = 5,
};
std::string_view name_of(bulk_phase phase);

/// How far it is.
struct bulk_standing {
  bulk_phase phase = bulk_phase::planned;
  std::uint32_t epoch = 0; ///< Starts so far: who works for an earlier one stops.
  std::uint32_t page = 0;  ///< The one that is done now.
  bulk_tally ended;        ///< Of the pages before.
  bulk_tally here;         ///< Of that page, as it said last.
  bulk_person started_by;  ///< Signs what is done.
  bulk_person changed_by;  ///< Who started, paused or cancelled it last.
  unix_ms started_at = 0, changed_at = 0, ended_at = 0; ///< 0: not yet.

  [[nodiscard]] bulk_tally tally() const;
  [[nodiscard]] std::string encode() const;
  static result<bulk_standing> decode(std::string_view bytes);
  friend bool operator==(const bulk_standing&, const bulk_standing&) = default;
};

/// A bulk as it is stored.
struct bulk {
  bulk_plan plan;
  bulk_standing standing;
};
/// Of `Bulk/{id}`; fails with `not_found` where there is none.
result<bulk> bulk_in(const journal::object_state& state);

/// `bulk_` and 20 hexadecimal digits, such that ids in their order are the newest first.
std::string make_bulk_id(unix_ms now, random_source& random);
inline object_id bulk_object(const std::string& id) {
  return {bulk_service_name, id};
}
inline object_id bulk_page_object(const std::string& id, std::uint32_t page) {
  return {bulk_page_service_name, id + ':' + std::to_string(page)};
}

/// What its records bear, at every object and in every repeat: of that bulk and item alone.
std::string bulk_action_id(std::string_view bulk, std::uint32_t item, std::string_view key);

// Entries of a page: its keys and outcomes by their place, and how far it is.
std::string bulk_key_entry(std::uint32_t place);
std::string bulk_outcome_entry(std::uint32_t place);
inline constexpr const char* bulk_place_entry = "place";
struct bulk_place {
  std::uint32_t count = 0; ///< Keys of the page.
  std::uint32_t next = 0;  ///< The first that is not done.
  bulk_tally tally;

  [[nodiscard]] std::string encode() const;
  static result<bulk_place> decode(std::string_view bytes);
};

// What they say to each other.

/// Body of `Freeze`: the keys of a page.
std::string encode_keys(const std::vector<std::string>& keys);
result<std::vector<std::string>> decode_keys(std::string_view bytes);

/// Body of `Start`, `Pause` and `Cancel`.
struct bulk_order {
  std::uint32_t count = 0; ///< Of `Start`: as the plan has it.
  std::string action_id;
  std::string reason; ///< May be empty.
  bulk_person by;
  unix_ms at = 0;

  [[nodiscard]] std::string encode() const;
  static result<bulk_order> decode(std::string_view bytes);
};

/// Body of `Report`: a page asks whether it goes on.
struct bulk_report {
  std::uint32_t epoch = 0, page = 0;
  bool is_done = false; ///< All of the page.
  bulk_tally tally;
  unix_ms at = 0;

  [[nodiscard]] std::string encode() const;
  static result<bulk_report> decode(std::string_view bytes);
};
/// Its answer.
struct bulk_turn {
  bool goes_on = false;
  bulk_action action = bulk_action::retry;
  std::string reason;
  bool accepts_repeat = false;
  std::uint32_t rate_per_s = bulk_rate;
  bulk_person by;

  [[nodiscard]] std::string encode() const;
  static result<bulk_turn> decode(std::string_view bytes);
};

} // namespace orderhub::handlers
