#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>

namespace orderhub::handlers {

// Stripe gives up on a webhook after three days, and on an address that nobody answers at; so it is
// asked for its events, by schedule. What it lists and this hub does not know goes the way of
// webhooks (`give_swept`).

inline constexpr const char* webhook_sweeper_name = "WebhookSweeper";
inline object_id stripe_sweeper_object() {
  return {webhook_sweeper_name, "stripe"};
}
/// The body of `Sweep` by which the program begins at its start; one that the object sends itself
/// has none.
inline constexpr const char* sweep_at_start = "start";

/// Pages of one sweep; what is behind them is read by the next one, `sweep_pause_ms` later.
inline constexpr int sweep_pages_max = 5;
inline constexpr std::int64_t sweep_pause_ms = 1'000;
/// What is younger is left to its webhook, which is on its way; less where sweeps come sooner.
inline constexpr std::int64_t sweep_grace_ms = 60'000;
/// So much of what was read is read again: an event may be listed later than its time says.
inline constexpr std::int64_t sweep_overlap_s = 300;

/// The internal service `WebhookSweeper`, one object a vendor: `Sweep`, exclusive, reads the events
/// since the sweep before, and begins the next one after a pause. Its state `cursor` says how far
/// it has come, by the vendor's clock, and within a long list at which event; a restart goes on
/// there. The first sweep looks back as far as the settings say. A vendor that cannot be asked is
/// asked at the next sweep. There is one chain of sweeps: one that is begun by the program takes
/// the place of the one that was to come.
durable::service_definition webhook_sweeper_service(settings_ptr settings);

} // namespace orderhub::handlers
