#include "actors/handlers/orders/order_event.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/free_goods.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_notifications.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/orders/parcel_left.hpp"
#include "journal/base/bytes.hpp"

#include <optional>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t event_version = 2;

/// Nothing where it cannot be read: then nobody can be told anything.
std::optional<order> placed_in(const journal::object_state& state) {
  const auto* recorded = state.value("order");
  if (recorded == nullptr)
    return std::nullopt;
  auto placed = order::decode(*recorded);
  return placed ? std::optional(std::move(*placed)) : std::nullopt;
}

void tell(durable::event_outcome& outcome, const journal::object_state& state,
          const notification& n) {
  outcome.sends.push_back({notification_object(state.id.key), "Send", n.encode()});
}

/// The parcel has moved: once for each place, since facts only grow, and a fulfilment that had it
/// fetched tells that itself.
void tell_parcel(durable::event_outcome& outcome, const journal::object_state& state,
                 const order_facts& before, const order_facts& after) {
  if (after.shipment == shipment_state::in_transit && is_told_by_fulfilment(state))
    return;
  const auto placed = placed_in(state);
  const auto news = placed ? parcel_news(*placed, before, after) : std::nullopt;
  if (news)
    tell(outcome, state, *news);
}

/// The tracking number has come: nobody waits for it any more, and the customer has the mail that
/// was promised, once.
void tell_tracking(durable::event_outcome& outcome, const journal::object_state& state,
                   const order_facts& before, const order_facts& after) {
  if (!is_open(before, tracking_step) || after.tracking_number.empty())
    return;
  order_facts closed;
  closed.pending[std::string(tracking_step)] = "done";
  outcome.merges.emplace_back("facts", closed.encode());
  if (!is_tracking_promised(before) || forbids_shipping(after))
    return;
  if (const auto placed = placed_in(state))
    tell(outcome, state, tracking_news(*placed, after));
}

/// Payments of which every part was given back. Who recorded the last part may not have seen the
/// one before, which came in the same moment.
order_facts refunded_in(const order_facts& f) {
  order_facts whole;
  for (const auto& p : f.payments)
    if (is_money(p) && is_all_given_back(f, p)) {
      payment_fact refunded;
      refunded.attempt = p.attempt;
      refunded.state = payment_state::refunded;
      whole.payments.push_back(std::move(refunded));
    }
  return whole;
}

} // namespace

result<durable::event_outcome> outcome_of(const journal::object_state& state,
                                          const order_event& event) {
  const auto* recorded = state.value("facts");
  auto before = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  if (!before)
    return before.failure();
  if (!before->known())
    return fail(no_such_order(state.id.key));
  durable::event_outcome outcome;
  outcome.name = event.name;
  outcome.evidence = event.evidence;
  auto after = merge(*before, event.learned);
  if (after == *before && !is_open(after, tracking_step))
    return outcome; // It is known: nothing follows but from the evidence.
  outcome.merges.emplace_back("facts", event.learned.encode());
  if (const auto whole = refunded_in(after); !whole.payments.empty()) {
    outcome.merges.emplace_back("facts", whole.encode());
    after = merge(after, whole);
  }
  tell_tracking(outcome, state, *before, after);
  // Its fulfilment tells customer and shop.
  if (event.name != picked_up_event)
    tell_parcel(outcome, state, *before, after);
  const bool is_stopped = !forbids_shipping(*before) && forbids_shipping(after);
  const bool is_here = after.shipment < shipment_state::in_transit;
  if (is_here && is_stopped) {
    const auto shipment = shipment_object(state.id.key);
    outcome.sends.push_back({shipment, "CancelPurchase", {}});
    outcome.sends.push_back({shipment, "VoidLabel", "report"});
  }
  const bool is_unsold = !is_sale_undone(*before) && is_sale_undone(after);
  if ((is_stopped || is_unsold) && has_goods(state, after))
    outcome.sends.push_back({state.id, "FreeGoods", {}});
  return outcome;
}

std::string order_event::encode() const {
  byte_writer w(256);
  w.u8(event_version);
  w.str8(name);
  w.str32(learned.encode());
  w.u8(static_cast<std::uint8_t>(evidence.size()));
  for (const auto& e : evidence) {
    w.str8(e.step);
    w.str8(e.attempt);
    w.u8(e.happened ? 1 : 0);
    w.str32(e.value);
    w.u32(e.generation);
  }
  return w.take();
}

result<order_event> order_event::decode(std::string_view bytes) {
  byte_reader r(bytes);
  order_event event;
  const auto version = r.u8();
  event.name = r.str8();
  auto learned = order_facts::decode(r.str32());
  for (auto count = r.u8(); count > 0 && r.ok(); --count) {
    durable::step_evidence e;
    e.step = r.str8();
    e.attempt = r.str8();
    e.happened = r.u8() != 0;
    e.value = r.str32();
    e.generation = r.u32();
    event.evidence.push_back(std::move(e));
  }
  if (version != event_version || !r.done() || !learned)
    return fail({error_kind::corrupt, "order_event", "the event cannot be read"});
  event.learned = std::move(*learned);
  return event;
}

result<durable::event_outcome> record_event(const journal::object_state& state,
                                            std::string_view body) {
  auto event = order_event::decode(body);
  if (!event)
    return event.failure();
  return outcome_of(state, *event);
}

result<durable::event_outcome> record_facts(const char* event, const journal::object_state& state,
                                            std::string_view body) {
  auto learned = order_facts::decode(body);
  if (!learned)
    return learned.failure();
  return outcome_of(state, {event, std::move(*learned), {}});
}

} // namespace orderhub::handlers
