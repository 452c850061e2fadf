#include "actors/handlers/shipments/label_webhook.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/delivery_change.hpp"
#include "actors/handlers/shipments/label_refund.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "journal/base/log.hpp"
#include "providers/shippo/buy_label.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::event_outcome;
using providers::webhooks::event;
using providers::webhooks::event_kind;
namespace shippo = providers::shippo;

/// The shipment's label, where the event is about that.
std::optional<shippo::label_outcome> label_in(const journal::object_state& state, const event& e) {
  const auto* bought = state.value("label");
  auto label =
      bought != nullptr
          ? shippo::label_outcome::decode(*bought)
          : result<shippo::label_outcome>(fail({error_kind::not_found, "label", "there is none"}));
  if (!label || std::find(e.vendor_ids.begin(), e.vendor_ids.end(), label->transaction_id) ==
                    e.vendor_ids.end())
    return std::nullopt;
  return std::move(*label);
}

void tell_order(event_outcome& outcome, const std::string& order_id, const order_facts& facts) {
  outcome.sends.push_back({order_object(order_id), "RecordLabel", facts.encode()});
}

/// One of the order's labels, its own or one that was bought beside it, was taken back at first,
/// and its carrier has refused that later. A person is called once, whoever says it. Empty: it is
/// known, or no label was ever bought here.
std::string refused_later(event_outcome& outcome, const journal::object_state& state,
                          const event& e, const settings_ptr& settings) {
  if (state.value("label") == nullptr || e.vendor_ids.empty())
    return {};
  const auto& label_id = e.vendor_ids.front();
  const auto* told = state.value(refused_refunds_entry);
  auto all = told != nullptr ? *told : std::string();
  if (all.find(label_id + '\n') != std::string::npos)
    return {};
  outcome.merges.emplace_back(refused_refunds_entry, all.append(label_id) + '\n');
  const auto& order_id = state.id.key;
  const auto why = "the carrier has refused to take the label " + label_id + " back";
  order_facts facts;
  facts.attention[std::string(refused_later_step)] = why;
  tell_order(outcome, order_id, facts);
  count_attention(*settings, refused_later_step);
  log::error("order_needs_attention",
             {{"order", order_id}, {"step", refused_later_step}, {"reason", why}});
  return "the label was not taken back";
}

/// What it says of a label that is known here.
std::string learn(event_outcome& outcome, const journal::object_state& state, const event& e,
                  shippo::label_outcome label) {
  const auto& id = state.id.key;
  order_facts facts;
  if (e.kind == event_kind::label_bought && label.tracking_number.empty() && !e.reference.empty()) {
    label.tracking_number = e.reference;
    const auto encoded = label.encode();
    outcome.merges.emplace_back("label", encoded);
    tell_order(outcome, id, bought_facts(encoded));
    return "the label has its tracking number";
  }
  if (e.kind == event_kind::label_refunded) {
    facts.label_voided = true;
    tell_order(outcome, id, facts);
    return "the label was given back";
  }
  return {};
}

} // namespace

result<event_outcome> record_label_webhook(const journal::object_state& state,
                                           std::string_view body, const settings_ptr& settings) {
  auto routed = routed_event::decode(body);
  if (!routed)
    return routed.failure();
  const auto& e = routed->what;
  event_outcome outcome;
  outcome.name = name_of(e.kind);
  std::string text;
  auto verdict = event_verdict::unchanged;
  if (!e.about.hub.empty()) {
    // Its link is not in the event: the purchase is asked for now.
    durable::step_evidence evidence;
    const bool is_refund = e.kind == event_kind::label_refunded ||
                           e.kind == event_kind::label_refund_pending ||
                           e.kind == event_kind::label_refund_failed;
    evidence.step = is_refund ? "void_label" : "label";
    evidence.attempt = is_refund ? std::string() : e.about.attempt;
    evidence.happened = false;
    outcome.evidence.push_back(std::move(evidence));
  }
  if (e.kind == event_kind::label_refund_failed)
    text = refused_later(outcome, state, e, settings);
  else if (auto label = label_in(state, e))
    text = learn(outcome, state, e, std::move(*label));
  if (!text.empty())
    verdict = event_verdict::applied;
  else
    text = std::string(name_of(e.kind));
  conclude(outcome, settings, *routed, {verdict, std::move(text)});
  return outcome;
}

const journal::invocation_state* label_for_later(const journal::object_state& state) {
  const auto* recorded = state.value("purchase");
  if (recorded == nullptr)
    return nullptr;
  const auto purchase = purchase_state::decode(*recorded);
  const auto* later = purchase && purchase->later ? state.find_live(*purchase->later) : nullptr;
  return later != nullptr && later->entries.empty() ? later : nullptr;
}

result<event_outcome> retry_label(const journal::object_state& state, std::string_view) {
  event_outcome outcome;
  outcome.name = "retry_label";
  // It takes the place of the one that was to come later, and cancels it.
  if (const auto* later = label_for_later(state))
    outcome.sends.push_back({state.id, "BuyLabel", later->input.body});
  return outcome;
}

} // namespace orderhub::handlers
