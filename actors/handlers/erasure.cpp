#include "actors/handlers/erasure.hpp"

#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "actors/handlers/webhooks/receipt.hpp"
#include "providers/shippo/buy_label.hpp"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

/// What an entry becomes; nothing: it goes.
using rule = std::function<std::optional<std::string>(std::string_view)>;
using rules = std::map<std::string, rule, std::less<>>;

std::optional<std::string> kept(std::string_view value) {
  return std::string(value);
}

std::optional<std::string> order_left(std::string_view value) {
  auto placed = order::decode(value);
  if (!placed)
    return std::nullopt;
  placed->customer_email.clear();
  placed->customer_name.clear();
  placed->customer_phone.clear();
  placed->payment_customer.clear();
  const auto country = placed->shipping.country;
  placed->shipping = {};
  placed->shipping.country = country;
  for (auto& item : placed->items)
    item.customs = {};
  return placed->encode();
}

std::optional<std::string> facts_left(std::string_view value) {
  auto facts = order_facts::decode(value);
  if (!facts)
    return std::nullopt;
  facts->label_url.clear();
  facts->tracking_url.clear();
  return facts->encode();
}

std::optional<std::string> label_left(std::string_view value) {
  auto label = providers::shippo::label_outcome::decode(value);
  if (!label)
    return std::nullopt;
  label->label_url.clear();
  label->tracking_url.clear();
  return label->encode();
}

std::optional<std::string> fulfilment_left(std::string_view value) {
  auto wanted = fulfilment_wanted::decode(value);
  if (!wanted)
    return std::nullopt;
  const auto country = wanted->ship_to.country;
  wanted->ship_to = {};
  wanted->ship_to.country = country;
  return wanted->encode();
}

std::optional<std::string> claimed_left(std::string_view value) {
  auto claimed = claimed_order::decode(value);
  if (!claimed)
    return std::nullopt;
  claimed->email.clear();
  claimed->name.clear();
  claimed->phone.clear();
  return claimed->encode();
}

std::optional<std::string> fulfilment_facts_left(std::string_view value) {
  auto facts = fulfilment_facts::decode(value);
  if (!facts)
    return std::nullopt;
  facts->tracking_url.clear();
  return facts->encode();
}

std::optional<std::string> event_left(std::string_view value) {
  auto received = receipt::decode(value);
  if (!received)
    return std::nullopt;
  received->body.clear();
  received->headers.clear();
  received->what.data.clear();
  return received->encode();
}

const rules& rules_of(std::string_view service) {
  static const std::map<std::string, rules, std::less<>> all = {
      {order_service_name,
       {{"order", &order_left}, {"facts", &facts_left}, {std::string(claims_entry), &kept}}},
      {shipment_service_name, {{"label", &label_left}, {"stopped", &kept}}},
      {fulfilment_service_name,
       {{"facts", &fulfilment_facts_left},
        {"request", &fulfilment_left},
        {"order", &claimed_left}}},
      {webhook_service_name,
       {{received_entry, &event_left},
        {verdict_entry, &kept},
        {routed_entry, &kept},
        {matched_entry, &kept},
        {replays_entry, &kept}}},
  };
  static const rules none;
  const auto it = all.find(service);
  return it == all.end() ? none : it->second;
}

} // namespace

std::vector<journal::state_payload> erased_values(const journal::object_state& state) {
  const auto& known = rules_of(state.id.service);
  std::vector<journal::state_payload> changed;
  for (const auto& [name, value] : state.values) {
    const auto it = known.find(name);
    auto left = it == known.end() ? std::nullopt : it->second(value);
    if (!left || *left != value)
      changed.push_back({name, std::move(left)});
  }
  return changed;
}

} // namespace orderhub::handlers
