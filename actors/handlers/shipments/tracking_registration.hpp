#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

// Where the settings want it, Shippo is told to follow a parcel by its number, once, after its
// label was bought, and asked where it is, by its age. Nothing waits for that, and nothing of the
// order hangs on it.

/// What becomes of a parcel besides its purchase, as the settings said then.
struct parcel_wishes {
  std::string carrier; ///< As Shippo's tracking names it; empty where it does not.
  bool registers = false;
  std::int64_t asks_after_ms = 0; ///< 0: never.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<parcel_wishes> decode(std::string_view bytes);
};
/// The shipment's state entry with them; there only where anything is wanted.
inline constexpr const char* parcel_entry = "parcel";
/// As the order's `attention` names it.
inline constexpr std::string_view register_tracking_step = "register_tracking";

/// Begins what is wanted.
durable::task<void> track_parcel(durable::context ctx, std::string tracking_number);

/// `Shipment/{order}/RegisterTracking`, internal, shared: the body is an encoded carrier and
/// number. What Shippo says of the parcel at once, the order hears; a refusal is for a person.
durable::handler_task register_tracking_once(durable::context ctx, std::string body,
                                             settings_ptr settings);

} // namespace orderhub::handlers
