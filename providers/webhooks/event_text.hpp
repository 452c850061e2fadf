#pragma once
#include "journal/base/result.hpp"
#include "providers/webhooks/event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::webhooks {

// Events as an operation's outcome holds them: of a list that a vendor was asked for.

/// A JSON list; bytes that are no UTF-8 become U+FFFD.
std::string events_text(const std::vector<event>& events);
/// The same of one, a JSON object.
std::string event_text(const event& one);
/// Fail with `corrupt`.
result<std::vector<event>> read_events(std::string_view text);
result<event> read_event(std::string_view text);

} // namespace orderhub::providers::webhooks
