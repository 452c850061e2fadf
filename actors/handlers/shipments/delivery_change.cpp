#include "actors/handlers/shipments/delivery_change.hpp"

#include "journal/base/bytes.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t purchase_version = 1;

std::string response_of(delivery_verdict verdict) {
  return std::to_string(static_cast<int>(verdict));
}

} // namespace

delivery_verdict delivery_verdict_of(std::string_view response) {
  for (const auto verdict :
       {delivery_verdict::taken, delivery_verdict::bought, delivery_verdict::stopped})
    if (response == response_of(verdict))
      return verdict;
  return delivery_verdict::under_way; // Nothing is changed on an answer that cannot be read.
}

std::string purchase_state::encode() const {
  byte_writer w(160);
  w.u8(purchase_version);
  w.u32(attempt);
  w.u32(refusals);
  w.str8(later ? later->text() : std::string());
  w.u8(buying ? 1 : 0);
  w.u32(changes);
  w.str32(delivery);
  return w.take();
}

result<purchase_state> purchase_state::decode(std::string_view bytes) {
  byte_reader r(bytes);
  purchase_state s;
  const auto version = r.u8();
  s.attempt = r.u32();
  s.refusals = r.u32();
  s.later = invocation_id::parse(r.str8());
  s.buying = r.u8() != 0;
  s.changes = r.u32();
  s.delivery = std::string(r.str32());
  if (version != purchase_version || !r.done())
    return fail({error_kind::corrupt, "shipment", "the state of its purchase cannot be read"});
  return s;
}

result<durable::event_outcome> change_delivery(const journal::object_state& state,
                                               std::string_view body) {
  durable::event_outcome outcome;
  outcome.name = "delivery_changed";
  if (state.value("stopped") != nullptr) {
    outcome.response = response_of(delivery_verdict::stopped);
    return outcome;
  }
  if (state.value("label") != nullptr) {
    outcome.response = response_of(delivery_verdict::bought);
    return outcome;
  }
  purchase_state purchase;
  if (const auto* recorded = state.value("purchase")) {
    auto known = purchase_state::decode(*recorded);
    if (!known)
      return known.failure();
    purchase = std::move(*known);
  }
  if (purchase.buying) {
    outcome.response = response_of(delivery_verdict::under_way);
    return outcome;
  }
  ++purchase.changes;
  purchase.refusals = 0;
  purchase.delivery = std::string(body);
  outcome.merges.emplace_back("purchase", purchase.encode());
  outcome.response = response_of(delivery_verdict::taken);
  return outcome;
}

} // namespace orderhub::handlers
