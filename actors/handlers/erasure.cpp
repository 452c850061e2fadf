#include "actors/handlers/erasure.hpp"

#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/shipments/label_webhook.hpp"
#include "actors/handlers/shipments/purchase.hpp"
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

// Of each value what is the customer's.

void clear_customer(order& placed) {
  placed.customer_email.clear();
  placed.customer_name.clear();
  placed.customer_phone.clear();
  placed.payment_customer.clear();
  auto country = std::move(placed.shipping.country);
  placed.shipping = {};
  placed.shipping.country = std::move(country);
  for (auto& item : placed.items)
    item.customs = {};
}

void clear_customer(order_facts& facts) {
  facts.label_url.clear();
  facts.tracking_url.clear();
}

void clear_customer(providers::shippo::label_outcome& label) {
  label.label_url.clear();
  label.tracking_url.clear();
}

void clear_customer(fulfilment_wanted& wanted) {
  auto country = std::move(wanted.ship_to.country);
  wanted.ship_to = {};
  wanted.ship_to.country = std::move(country);
}

void clear_customer(claimed_order& claimed) {
  claimed.email.clear();
  claimed.name.clear();
  claimed.phone.clear();
}

void clear_customer(fulfilment_facts& facts) {
  facts.tracking_url.clear();
}

void clear_customer(receipt& received) {
  received.body.clear();
  received.headers.clear();
  received.what.data.clear();
}

/// What cannot be read goes.
template <class Value>
std::optional<std::string> without_customer(std::string_view bytes) {
  auto value = Value::decode(bytes);
  if (!value)
    return std::nullopt;
  clear_customer(*value);
  return value->encode();
}

const rules& rules_of(std::string_view service) {
  static const std::map<std::string, rules, std::less<>> all = {
      {order_service_name,
       {{"order", &without_customer<order>},
        {"facts", &without_customer<order_facts>},
        {std::string(claims_entry), &kept}}},
      {shipment_service_name,
       {{"label", &without_customer<providers::shippo::label_outcome>},
        {"stopped", &kept},
        {missed_entry, &kept},
        {refused_refunds_entry, &kept}}},
      {fulfilment_service_name,
       {{"facts", &without_customer<fulfilment_facts>},
        {"request", &without_customer<fulfilment_wanted>},
        {"order", &without_customer<claimed_order>}}},
      {webhook_service_name,
       {{received_entry, &without_customer<receipt>},
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
