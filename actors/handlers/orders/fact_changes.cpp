#include "actors/handlers/orders/fact_changes.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::array<std::string_view, 7> payment_names = {
    "", "pending", "requires_action", "failed", "paid", "part_refunded", "refunded"};
constexpr std::array<std::string_view, 5> shipment_names = {"", "label", "in_transit", "returned",
                                                            "delivered"};
constexpr std::array<std::string_view, 4> dispute_names = {"", "open", "won", "lost"};
constexpr std::array<std::string_view, 6> refund_names = {"",         "asked", "refused",
                                                          "accepted", "made",  "failed"};

template <std::size_t N, class State>
std::string named(const std::array<std::string_view, N>& names, State state) {
  const auto number = static_cast<std::size_t>(state);
  return std::string(number < N ? names[number] : std::string_view("unknown"));
}

/// Facts by name: what is empty is left out.
using shown_facts = std::vector<std::pair<std::string, std::string>>;

shown_facts shown(const order_facts& f) {
  shown_facts all;
  const auto add = [&](std::string name, std::string value) {
    if (!value.empty())
      all.emplace_back(std::move(name), std::move(value));
  };
  if (f.known())
    add("status", std::string(status_of(f)));
  for (const auto& p : f.payments) {
    const auto of = "payment." + std::to_string(p.attempt) + '.';
    add(of + "state", named(payment_names, p.state));
    add(of + "intent", p.intent_id);
    add(of + "charge", p.charge_id);
    add(of + "refund", p.refund_id);
    add(of + "reason", p.reason);
    if (!p.amount.currency.empty())
      add(of + "amount", std::to_string(p.amount.minor_units) + ' ' + p.amount.currency);
  }
  add("shipment", named(shipment_names, f.shipment));
  add("label", f.label_id);
  add("label_voided", f.label_voided ? "true" : "");
  add("tracking_number", f.tracking_number);
  add("dispute", named(dispute_names, f.dispute));
  for (const auto& [name, r] : f.refunds) {
    add("refund." + name + ".state", named(refund_names, r.state));
    add("refund." + name + ".id", r.refund_id);
  }
  add("cancelling", f.cancelling ? "true" : "");
  add("cancelled", f.cancelled ? "true" : "");
  for (const auto& [name, text] : f.notices)
    add("notice." + name, text);
  for (const auto& [step, text] : f.pending)
    add("pending." + step, text);
  for (const auto& [step, text] : f.attention)
    add("attention." + step, text);
  return all;
}

} // namespace

std::vector<fact_change> changes_between(const order_facts& a, const order_facts& b) {
  std::map<std::string, std::string> before;
  for (auto& [name, value] : shown(a))
    before.emplace(std::move(name), std::move(value));
  std::vector<fact_change> changes;
  for (auto& [name, value] : shown(b)) { // Facts only grow: none goes.
    const auto known = before.find(name);
    if (known == before.end())
      changes.push_back({std::move(name), {}, std::move(value)});
    else if (known->second != value)
      changes.push_back({std::move(name), known->second, std::move(value)});
  }
  return changes;
}

} // namespace orderhub::handlers
