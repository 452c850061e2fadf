#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>
#include <string>

namespace orderhub::handlers {

// Shippo tells of a parcel three times within minutes, and then no more; and nobody hears it where
// no webhooks are configured. So Shippo is asked where a parcel is, by its age, until it has come.

inline constexpr const char* parcel_service_name = "Parcel";
inline constexpr const char* parcel_handler = "Follow";
/// The parcel of an order; an object of its own, so that no order shows it as work of its own.
inline object_id parcel_object(const std::string& order_id) {
  return {parcel_service_name, order_id};
}
/// So often in a row Shippo may refuse to say it: with a test key it follows no real parcel.
inline constexpr std::uint32_t track_refusals_max = 3;

/// Begins it, `after_ms` from now.
void follow_parcel(durable::context ctx, const std::string& carrier,
                   const std::string& tracking_number, std::int64_t after_ms);

/// The internal service `Parcel`: `Follow` asks its order whether it still awaits the parcel, then
/// Shippo where it is, and begins the next one after a pause, as the settings say. What is new goes
/// the way of webhooks (`give_swept`), under the id that its webhook has. It ends with the parcel's
/// way, with its label, or after the time of the settings. And `FollowRefund` (`label_refund.hpp`).
durable::service_definition parcel_service(settings_ptr settings);

} // namespace orderhub::handlers
