#pragma once
#include "actors/handlers/webhooks/receipt.hpp"
#include "journal/base/result.hpp"
#include "journal/hub_journal.hpp"

#include <cstddef>
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
};

/// Which ones are wanted.
struct webhook_filter {
  std::string vendor;                   ///< Empty: all.
  std::optional<event_verdict> verdict; ///< None: any.
  unix_ms from = 0;                     ///< Received then or later.
  unix_ms until = 0;                    ///< Received before that; 0: any time.
};

/// A page, in the order of the keys.
struct webhook_page {
  std::vector<listed_webhook> entries;
  std::string next; ///< Where the next page begins: its `after`; empty: there is none.
};

/// Reads at most `webhooks_looked_at` events for one page of at most `limit`: a page may be short,
/// and the next one go on. Fails where the journal cannot be read.
inline constexpr std::size_t webhooks_looked_at = 2'000;
result<webhook_page> list_webhooks(const journal::hub_journal& journal,
                                   const webhook_filter& wanted, std::string_view after,
                                   std::size_t limit);

/// One, whole: with headers and body where its delivery was for it alone, as long as its request
/// key is known. Fails with `not_found`.
result<listed_webhook> find_webhook(const journal::hub_journal& journal, const std::string& key);

/// Whether an event has been received, by the key of its object. False where that cannot be read.
bool knows_webhook(const journal::hub_journal& journal, const std::string& key);

} // namespace orderhub::handlers
