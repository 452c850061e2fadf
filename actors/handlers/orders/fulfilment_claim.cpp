#include "actors/handlers/orders/fulfilment_claim.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/bytes.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t claims_version = 2;
/// Before it nobody said whose parcel had left.
constexpr std::uint8_t version_before_left = 1;
constexpr std::uint8_t claim_version = 1;
/// Of one order; more are refused.
constexpr std::size_t claims_max = 100;

tl::unexpected<error> refused(const std::string& sentence) {
  return fail({error_kind::rejected, "fulfilment", sentence, 409});
}

fulfilment_claims with(const fulfilment_claim& claim, std::uint32_t number) {
  fulfilment_claims claims;
  claims.by_key.emplace(claim.key, number);
  return claims;
}

/// Whether the order may leave the house, as far as this hub knows it.
result<void> may_leave(const std::string& order_id, const order_facts& f) {
  if (!f.known())
    return {};
  const auto is = "Order " + order_id + " is " + std::string(status_of(f));
  if (forbids_shipping(f) || f.shipment >= shipment_state::in_transit)
    return refused(is + " and is not fulfilled.");
  const auto* payment = f.last_payment();
  if (payment == nullptr || !is_money(*payment))
    return refused(is + "; only an order that is paid is fulfilled.");
  if (f.stock.state == stock_state::asked || f.stock.state == stock_state::held)
    return refused("Order " + order_id +
                   " is being processed. Send it again when its stock is committed.");
  return {};
}

result<claimed_order> answer_of(const journal::object_state& state, const order_facts& f) {
  claimed_order answer;
  const auto* recorded = state.value("order");
  if (!f.known() || recorded == nullptr)
    return answer;
  auto placed = order::decode(*recorded);
  if (!placed)
    return placed.failure();
  answer.is_known = true;
  answer.has_stock = f.stock.state == stock_state::committed;
  answer.email = placed->customer_email;
  answer.name = placed->customer_name;
  answer.phone = placed->customer_phone;
  return answer;
}

} // namespace

std::optional<std::string> fulfilment_claims::holder() const {
  const auto it = std::find_if(by_key.begin(), by_key.end(),
                               [](const auto& claim) { return claim.second % 2 == 1; });
  if (it == by_key.end())
    return std::nullopt;
  return it->first;
}

std::vector<std::string> fulfilment_claims::others(std::string_view key) const {
  std::vector<std::string> all;
  auto first = holder();
  if (first && *first != key)
    all.push_back(*first);
  for (const auto& [other, number] : by_key)
    if (all.size() < others_max && other != key && (!first || other != *first))
      all.push_back(other);
  return all;
}

bool fulfilment_claims::gave_back(std::string_view key, std::string_view order) const {
  const auto first = holder();
  return key != order && (!first || *first != key);
}

std::string fulfilment_claims::encode() const {
  byte_writer w(64);
  w.u8(claims_version);
  w.u16(static_cast<std::uint16_t>(by_key.size()));
  for (const auto& [key, number] : by_key) {
    w.str16(key);
    w.u32(number);
  }
  w.str16(left);
  return w.take();
}

result<fulfilment_claims> fulfilment_claims::decode(std::string_view bytes) {
  byte_reader r(bytes);
  fulfilment_claims claims;
  const auto version = r.u8();
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    auto key = std::string(r.str16());
    claims.by_key.insert_or_assign(std::move(key), r.u32());
  }
  if (version > version_before_left)
    claims.left = r.str16();
  if (version < version_before_left || version > claims_version || !r.done())
    return fail({error_kind::corrupt, "fulfilment", "the claims on the order cannot be read"});
  return claims;
}

result<fulfilment_claims> claims_in(const std::string* entry) {
  return entry != nullptr ? fulfilment_claims::decode(*entry) : fulfilment_claims();
}

std::string fulfilment_claim::encode() const {
  byte_writer w(64);
  w.u8(claim_version);
  w.str16(key);
  w.u32(round);
  return w.take();
}

result<fulfilment_claim> fulfilment_claim::decode(std::string_view bytes) {
  byte_reader r(bytes);
  fulfilment_claim claim;
  const auto version = r.u8();
  claim.key = r.str16();
  claim.round = r.u32();
  if (version != claim_version || !r.done())
    return fail({error_kind::corrupt, "fulfilment", "the claim cannot be read"});
  return claim;
}

std::string claimed_order::encode() const {
  byte_writer w(96);
  w.u8(claim_version);
  w.u8(static_cast<std::uint8_t>((is_known ? 1U : 0U) | (has_stock ? 2U : 0U)));
  for (const auto* text : {&email, &name, &phone})
    w.str16(*text);
  return w.take();
}

result<claimed_order> claimed_order::decode(std::string_view bytes) {
  byte_reader r(bytes);
  claimed_order o;
  const auto version = r.u8();
  const auto flags = r.u8();
  o.is_known = (flags & 1U) != 0;
  o.has_stock = (flags & 2U) != 0;
  for (auto* text : {&o.email, &o.name, &o.phone})
    *text = r.str16();
  if (version != claim_version || !r.done())
    return fail({error_kind::corrupt, "fulfilment", "the order's answer cannot be read"});
  return o;
}

result<durable::event_outcome> claim_fulfilment(const journal::object_state& state,
                                                std::string_view body) {
  auto claim = fulfilment_claim::decode(body);
  if (!claim)
    return claim.failure();
  auto claims = claims_in(state.value(claims_entry));
  if (!claims)
    return claims.failure();
  const auto& order_id = state.id.key;
  const auto holder = claims->holder();
  if (holder && *holder != claim->key)
    return refused("Order " + order_id + " has the fulfilment " + *holder +
                   "; it has one at a time.");
  if (!holder && claims->by_key.size() >= claims_max && !claims->by_key.contains(claim->key))
    return refused("Order " + order_id + " has had " + std::to_string(claims_max) +
                   " fulfilments, which is the most that one can have.");
  const auto* recorded = state.value("facts");
  auto facts = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  if (!facts)
    return facts.failure();
  if (auto good = may_leave(order_id, *facts); !good)
    return good.failure();
  auto answer = answer_of(state, *facts);
  if (!answer)
    return answer.failure();
  durable::event_outcome outcome;
  outcome.name = "fulfilment_claimed";
  outcome.merges.emplace_back(std::string(claims_entry),
                              with(*claim, 2 * claim->round - 1).encode());
  outcome.response = answer->encode();
  return outcome;
}

result<durable::event_outcome> release_fulfilment(const journal::object_state&,
                                                  std::string_view body) {
  auto claim = fulfilment_claim::decode(body);
  if (!claim)
    return claim.failure();
  durable::event_outcome outcome;
  outcome.name = "fulfilment_released";
  outcome.merges.emplace_back(std::string(claims_entry), with(*claim, 2 * claim->round).encode());
  return outcome;
}

result<durable::event_outcome> forward_fulfilment_event(const journal::object_state& state,
                                                        std::string_view body) {
  auto claims = claims_in(state.value(claims_entry));
  if (!claims)
    return claims.failure();
  const auto holder = claims->holder();
  if (!holder)
    return fail({error_kind::not_found, "fulfilment",
                 "Order " + state.id.key + " has no fulfilment.", 404});
  durable::event_outcome outcome;
  outcome.name = "fulfilment_event";
  outcome.sends.push_back({fulfilment_object(*holder), "RecordEvent", std::string(body)});
  return outcome;
}

std::string merge_order_entry(std::string_view entry, const std::string* current,
                              std::string_view delta) {
  if (entry != claims_entry)
    return merge_facts(entry, current, delta);
  if (current == nullptr)
    return std::string(delta);
  auto known = fulfilment_claims::decode(*current);
  auto learned = fulfilment_claims::decode(delta);
  if (!known || !learned)
    return *current;
  for (const auto& [key, number] : learned->by_key) {
    auto& mine = known->by_key[key];
    mine = std::max(mine, number);
  }
  known->left = std::max(known->left, learned->left);
  return known->encode();
}

} // namespace orderhub::handlers
