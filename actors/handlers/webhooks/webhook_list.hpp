#pragma once
#include "actors/handlers/orders/fact_changes.hpp"
#include "actors/handlers/webhooks/receipt.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/hub_journal.hpp"
#include "journal/listing.hpp"
#include "journal/object_state.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// The request key under which the door gives an event to its object.
inline constexpr std::string_view webhook_request_key = "event";

/// One recorded event, as far as a list shows it.
struct listed_webhook {
  std::string key;  ///< Of its object: `stripe:evt_1`.
  receipt received; ///< Without headers and body.
  concluded became;
  std::optional<webhook_match> match; ///< Where its event does not say itself whose it is.
  std::uint64_t replays = 0;          ///< By people.
  bool is_erased = false;             ///< With its order: headers and body are shown no more.
  log_sequence version = 0;           ///< Of its own last record.

  /// Whose it is; empty where nobody knows.
  [[nodiscard]] const std::string& order_id() const {
    return match ? match->order_id : received.what.about.order_id;
  }
};

/// How an invocation has ended, as `durable::end_of` has it.
using ended_reader = std::function<std::optional<result<std::string>>(const invocation_id&)>;
/// The event that the object holds. Fails with `not_found` where it holds none.
result<listed_webhook> webhook_in(const journal::object_state& state, const ended_reader& ended);

/// Which ones are wanted.
struct webhook_filter {
  std::string vendor;                   ///< Empty: all.
  std::optional<event_verdict> verdict; ///< None: any.
  unix_ms from = 0;                     ///< Received then or later.
  unix_ms until = 0;                    ///< Received before that; 0: any time.
  std::string type = {};                ///< The vendor's word; empty: any.
  std::string order_id = {};            ///< Empty: whosever it is.
  std::optional<bool> is_swept = std::nullopt;
};

/// What lists have of a `Webhook`: a mark, since its event was received, and the order that it is
/// about as a key (`key_of_order_of_event`); and while it is a dead
/// letter (`unmatched`) another one, so that those are counted, and its vendor's ids as keys
/// (`key_of_other_id`).
std::optional<journal::listing> webhook_listing(const journal::object_state& state);
inline constexpr std::string_view webhook_mark = "webhook";
inline constexpr std::string_view dead_webhook_mark = "webhook_dead";

/// A page, the newest first by when they were received.
struct webhook_page {
  std::vector<listed_webhook> entries;
  std::size_t looked_at = 0;
  std::string next;     ///< Where the next page begins: its `after`; empty: there is none.
  bool is_whole = true; ///< False: a journal of an earlier version is being indexed.
};

/// Reads at most `webhooks_looked_at` events for one page of at most `limit`: a page may be short,
/// and the next one go on. Fails where the journal cannot be read; `invalid` where `after` is of no
/// page.
inline constexpr std::size_t webhooks_looked_at = 2'000;
result<webhook_page> list_webhooks(const journal::hub_journal& journal,
                                   const webhook_filter& wanted, std::string_view after,
                                   std::size_t limit);

/// One, whole: with headers and body where its delivery was for it alone, as long as its request
/// key is known. Fails with `not_found`.
result<listed_webhook> find_webhook(const journal::hub_journal& journal, const std::string& key);

/// What a replay of one would come to now, or, with an order, its assignment. Reads only.
struct webhook_plan {
  object_id target; ///< Blank: nobody knows whose it is.
  concluded with;
  std::vector<fact_change> changes; ///< Of the order's facts.
};
/// Fails with `not_found`: no such event; with `rejected`: its kind is about no order.
result<webhook_plan> plan_webhook(const journal::hub_journal& journal, const std::string& key,
                                  const std::optional<webhook_match>& assigned);

/// Whether an event has been received, by the key of its object. False where that cannot be read.
bool knows_webhook(const journal::hub_journal& journal, const std::string& key);

} // namespace orderhub::handlers
