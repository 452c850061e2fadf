#include "actors/handlers/orders/parcel_left.hpp"

#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_facts.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

std::string response_of(shipped_audience who) {
  return std::to_string(static_cast<int>(who));
}

/// What the order itself knows of its parcel.
shipped_audience who_hears(const order_facts& f) {
  if (f.shipment >= shipment_state::in_transit)
    return shipped_audience::nobody;
  return forbids_shipping(f) ? shipped_audience::shop : shipped_audience::all;
}

fulfilment_claims left_by(const fulfilment_claim& claim) {
  fulfilment_claims claims;
  claims.left = claim.key;
  return claims;
}

} // namespace

shipped_audience shipped_audience_of(std::string_view response) {
  for (const auto who : {shipped_audience::all, shipped_audience::shop})
    if (response == response_of(who))
      return who;
  return shipped_audience::nobody;
}

bool is_told_by_fulfilment(const journal::object_state& order) {
  const auto claims = claims_in(order.value(claims_entry));
  return claims && !claims->left.empty();
}

result<durable::event_outcome> record_pickup(const journal::object_state& state,
                                             std::string_view body) {
  auto claim = fulfilment_claim::decode(body);
  if (!claim)
    return claim.failure();
  auto claims = claims_in(state.value(claims_entry));
  if (!claims)
    return claims.failure();
  const auto* recorded = state.value("facts");
  auto facts = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  if (!facts)
    return facts.failure();

  durable::event_outcome outcome;
  if (facts->known()) {
    order_event left;
    left.name = picked_up_event;
    left.learned.shipment = shipment_state::in_transit;
    auto recording = outcome_of(state, left);
    if (!recording)
      return recording.failure();
    outcome = std::move(*recording);
  }
  outcome.name = picked_up_event;
  const auto who = claims->left.empty() ? who_hears(*facts) : shipped_audience::nobody;
  if (who != shipped_audience::nobody)
    outcome.merges.emplace_back(std::string(claims_entry), left_by(*claim).encode());
  outcome.response = response_of(who);
  return outcome;
}

} // namespace orderhub::handlers
