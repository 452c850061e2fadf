#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "actors/handlers/webhooks/receipt.hpp"
#include "journal/object_state.hpp"

#include <functional>
#include <optional>
#include <string>

namespace orderhub::handlers {

// What becomes of a verified event is said once, by whatever it is about: as the answer of the
// invocation that it became there. Its `Webhook` has that invocation's id, so nothing is sent back.
// Only what a person is to find, a dead letter or a contradiction, is told to the `Webhook` too.

/// Entries of a `Webhook`: the receipt, what became of it, and the id of the invocation that says
/// so while that is `routed`.
inline constexpr const char* received_entry = "received";
inline constexpr const char* verdict_entry = "verdict";
inline constexpr const char* routed_entry = "routed_to";
/// Whose it is, where the event does not say so (`webhook_match`), and how often a person has had
/// it applied again, in decimal digits.
inline constexpr const char* matched_entry = "matched";
inline constexpr const char* replays_entry = "replays";

/// Whose a `Webhook` was found to be; nothing where its event says so itself, or nobody knows.
std::optional<webhook_match> match_of(const journal::object_state& webhook);

/// An object that was told of an event says what that came to, and counts it; where another object
/// says so (`routed_event::concludes`), nothing.
void conclude(durable::event_outcome& outcome, const settings_ptr& settings,
              const routed_event& routed, concluded with);

/// What became of an event, by the state of its `Webhook`. `ended`: how an invocation has ended.
/// `routed` where it is on its way, or the journal has forgotten. Fails with `corrupt`.
result<concluded>
became_of(const journal::object_state& webhook,
          const std::function<std::optional<result<std::string>>(const invocation_id&)>& ended);

} // namespace orderhub::handlers
