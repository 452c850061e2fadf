#pragma once
#include "actors/durable/service.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

// Which fulfilment an order has. All services know an order by one reference, so two fulfilments at
// a time would share one pick ticket, and each could cancel the other's. The order's object
// decides, since it also knows whether the order may ship; it does so for an order that this hub
// does not know, too.

/// The state entry of the order's object.
inline constexpr std::string_view claims_entry = "fulfilments";

/// By the fulfilment's key. Only grows; merging is commutative and idempotent.
struct fulfilment_claims {
  /// An odd number has the order, an even one gave it back: `2 * round - 1`, `2 * round`.
  std::map<std::string, std::uint32_t, std::less<>> by_key;
  /// The one whose parcel has left, which tells customer and shop; empty: none (`parcel_left.hpp`).
  std::string left;

  /// Which one has the order; nothing where none has.
  [[nodiscard]] std::optional<std::string> holder() const;
  /// Those that have the order or had it, but for the one of this key: the holder first, and of
  /// those that gave it back at most so many that it is `others_max` altogether.
  [[nodiscard]] std::vector<std::string> others(std::string_view key) const;
  static constexpr std::size_t others_max = 4;
  /// It is another than the one of the order's key, and does not have the order.
  [[nodiscard]] bool gave_back(std::string_view key, std::string_view order) const;
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<fulfilment_claims> decode(std::string_view bytes);
};
/// As of an entry's bytes; none where there is no such entry. Fails with `corrupt`.
result<fulfilment_claims> claims_in(const std::string* entry);

/// Who asks for the order, gives it back, or has its parcel fetched: the body of `ClaimFulfilment`,
/// `ReleaseFulfilment` and `RecordPickup`.
struct fulfilment_claim {
  std::string key; ///< Of the fulfilment.
  std::uint32_t round = 1;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<fulfilment_claim> decode(std::string_view bytes);
};

/// What `ClaimFulfilment` answers.
struct claimed_order {
  bool is_known = false;          ///< This hub has the order.
  bool has_stock = false;         ///< Its goods were sold to it by the inventory.
  std::string email, name, phone; ///< Its customer's; empty of an order that is not known.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<claimed_order> decode(std::string_view bytes);
};

/// `OrderOrchestrator/{order}/ClaimFulfilment`, an event. 409 where another fulfilment has the
/// order, or it may not ship: not paid, cancelled, refunded, disputed, on its way. Again: the same.
result<durable::event_outcome> claim_fulfilment(const journal::object_state& state,
                                                std::string_view body);
/// `ReleaseFulfilment`, an event: that fulfilment has ended without effect.
result<durable::event_outcome> release_fulfilment(const journal::object_state& state,
                                                  std::string_view body);

/// `RecordFulfilment`, an event: what a warehouse or a carrier says of the order, for whoever knows
/// nothing but the order's id, as a webhook does. The body is one of the fulfilment's own
/// `RecordEvent`, and goes on to the one that has the order. 404 where none has.
result<durable::event_outcome> forward_fulfilment_event(const journal::object_state& state,
                                                        std::string_view body);

/// The order service's merge function: its facts, or its claims.
std::string merge_order_entry(std::string_view entry, const std::string* current,
                              std::string_view delta);

} // namespace orderhub::handlers
