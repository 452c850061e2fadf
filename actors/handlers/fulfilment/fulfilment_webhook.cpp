// What verified events say of an order's fulfilment.
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order_webhook.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"

#include <string>

namespace orderhub::handlers {

result<durable::event_outcome> fulfilment_event(const journal::object_state& state,
                                                const routed_event& routed,
                                                const settings_ptr& settings) {
  auto claims = claims_in(state.value(claims_entry));
  if (!claims)
    return claims.failure();
  durable::event_outcome outcome;
  outcome.name = name_of(routed.what.kind);
  const auto holder = claims->holder();
  if (!holder) {
    conclude(outcome, settings, routed,
             {event_verdict::unmatched, "no fulfilment has the order " + state.id.key});
    return outcome;
  }
  fulfilment_facts said;
  if (routed.what.kind == providers::webhooks::event_kind::packed) {
    said.ticket.stand = job_stand::done;
  } else {
    said.pickup.stand = job_stand::done;
    said.tracking_number = routed.what.reference;
  }
  outcome.sends.push_back({fulfilment_object(*holder), "RecordEvent", said.encode()});
  conclude(outcome, settings, routed, {event_verdict::applied, "told the fulfilment " + *holder});
  return outcome;
}

} // namespace orderhub::handlers
