#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "actors/handlers/webhooks/receipt.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// What an event makes of a notice that the order knows as sent; of two texts the greater one
/// counts
/// (`order_facts::notices`).
inline constexpr std::string_view undelivered_mark = "undelivered";

/// A verified event, and the order that it is about as it stands.
struct order_seen {
  const journal::object_state& state;
  const order& placed;
  const order_facts& facts;
  const routed_event& routed;
  /// It names a step of this order itself: by our metadata, or by the key of that step's call.
  bool names_step = false;

  [[nodiscard]] const providers::webhooks::event& what() const { return routed.what; }
};

/// What an event does to its order.
struct webhook_effect {
  event_verdict verdict = event_verdict::applied;
  std::string text; ///< For people.
  order_facts learned;
  std::vector<durable::step_evidence> evidence;
  std::vector<durable::event_outcome::send> follows; ///< Keyed by what happened, not by the event.
};

/// It and the order say two things of one: kept for a person, with both.
webhook_effect contradiction(const order_seen& seen, std::string says);

/// `OrderOrchestrator/{order}/RecordWebhook`: a verified event, an encoded `routed_event`. Its
/// facts are merged, its evidence given to the open step that it names, and what follows from what
/// happened is begun where this order did not know of it before. Answers what became of it
/// (`conclusion.hpp`). An event of a mail or an SMS goes on to the notification, whose step it may
/// settle, unless the order knows how that ended.
result<durable::event_outcome> record_webhook(const journal::object_state& state,
                                              std::string_view body, const settings_ptr& settings);

/// What an event comes to at that order, as it was committed, where that is nothing: all that it
/// says is known, no step that it names is open, and nothing follows. So it stays: facts only grow,
/// and the intent of a call was committed before the vendor could speak of it. Nothing where the
/// order is to be told.
std::optional<concluded> known_by(const journal::object_state& state, routed_event routed);

/// What an event would come to at that order as it is now. Changes nothing, tells nobody.
struct foreseen_event {
  concluded with;
  order_facts before, after;
};
foreseen_event foresee(const journal::object_state& state, routed_event routed);

/// `packed` and `picked_up`: they go on to the fulfilment that has the order, also where this hub
/// does not know the order itself.
result<durable::event_outcome> fulfilment_event(const journal::object_state& state,
                                                const routed_event& routed,
                                                const settings_ptr& settings);

/// `OrderOrchestrator/{order}/AwaitsParcel`, an event: whether the parcel with that tracking number
/// is the order's and has not come to its end; `true` or `false`. 404 where there is no such order.
result<durable::event_outcome> awaits_parcel(const journal::object_state& state,
                                             std::string_view tracking_number);

// By subject: pure.
webhook_effect payment_event(const order_seen& seen);
webhook_effect refund_event(const order_seen& seen);
webhook_effect dispute_event(const order_seen& seen);
webhook_effect delivery_event(const order_seen& seen);
webhook_effect notice_event(const order_seen& seen);

} // namespace orderhub::handlers
