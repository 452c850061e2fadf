#include "actors/handlers/webhooks/webhook_service.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_webhook.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "actors/handlers/webhooks/event_routes.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "journal/base/log.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using durable::event_outcome;
using journal::object_state;
using nlohmann::json;
using providers::webhooks::event_kind;

/// What these handlers are given beside their object.
struct surroundings {
  settings_ptr settings;
  object_loader load_object; ///< Null: nobody can say.

  const order_settings* operator->() const { return settings.get(); }
};

/// There while an event waits for somebody to learn one of its ids.
constexpr const char* waits_entry = "waits";

result<receipt> received_by(const object_state& state) {
  const auto* recorded = state.value(received_entry);
  if (recorded == nullptr)
    return fail({error_kind::not_found, "webhook", "There is no event " + state.id.key + ".", 404});
  return receipt::decode(*recorded);
}

event_verdict verdict_of(const object_state& state) {
  const auto* recorded = state.value(verdict_entry);
  const auto known = recorded != nullptr ? concluded::decode(*recorded) : concluded();
  return known ? known->verdict : event_verdict::routed;
}

void conclude(event_outcome& outcome, const surroundings& settings, const object_state& state,
              const receipt& received, const concluded& with) {
  outcome.merges.emplace_back(verdict_entry, with.encode());
  ++settings->webhooks->ended.at(static_cast<std::size_t>(with.verdict));
  if (with.verdict == event_verdict::applied || with.verdict == event_verdict::unchanged)
    settings->webhooks->apply_delay.add(
        {received.vendor},
        std::max<std::int64_t>(state.last_time - received.received_at, 0) * 1'000);
  if (with.verdict == event_verdict::unmatched || with.verdict == event_verdict::contradicts)
    settings->dead_webhooks->note(received.vendor, name_of(with.verdict),
                                  state.id.key + ": " + with.text, received.received_at);
}

/// Who has learned the ids of such an event: a tracking number is Shippo's, whoever speaks of it.
std::string_view namer_of(const receipt& received) {
  constexpr std::string_view custom = "custom/";
  return received.vendor.starts_with(custom) ? std::string_view("shippo")
                                             : std::string_view(received.vendor);
}

concluded nobody_knows(const receipt& received) {
  return {event_verdict::unmatched, "no order has learned of " + received.what.vendor_ids.front()};
}

/// Where only the vendor's ids say whose it is: whoever knows one of them tells us, at once or when
/// it learns of it. A dead letter from the beginning, and counted as one when the wait is over.
void ask_whose(event_outcome& outcome, const surroundings& settings, const object_state& state,
               const receipt& received) {
  for (const auto& id : received.what.vendor_ids)
    outcome.sends.push_back({vendor_id_object(namer_of(received), id), "Ask", state.id.key});
  outcome.sends.push_back({state.id, "Expire", {}, webhook_kept_ms});
  outcome.merges.emplace_back(verdict_entry, nobody_knows(received).encode());
  if (state.value(waits_entry) != nullptr)
    return; // Asked before.
  outcome.merges.emplace_back(waits_entry, "1");
  ++settings->webhooks->waited;
  settings->dead_webhooks->note(received.vendor, "waits",
                                state.id.key + ": " + nobody_knows(received).text,
                                received.received_at);
}

void ask_no_more(event_outcome& outcome, const object_state& state, const receipt& received) {
  if (state.value(waits_entry) != nullptr)
    outcome.clears.emplace_back(waits_entry);
  for (const auto& id : received.what.vendor_ids)
    outcome.sends.push_back({vendor_id_object(namer_of(received), id), "Forget", state.id.key});
}

/// A person pressed one of our buttons.
void act_for(event_outcome& outcome, const surroundings& settings, const object_state& state,
             const receipt& received) {
  const auto& e = received.what;
  if (!may_be_key(e.about.order_id))
    return conclude(outcome, settings, state, received,
                    {event_verdict::unmatched, "it names what can be no order"});
  const auto& allowed = settings->slack_operators;
  if (std::find(allowed.begin(), allowed.end(), e.actor) == allowed.end())
    return conclude(outcome, settings, state, received,
                    {event_verdict::refused, e.actor + " is not among slack_operators"});
  if (e.action == "cancel_order")
    outcome.sends.push_back({order_object(e.about.order_id), "CancelOrder", {}});
  else if (e.action == "retry_label")
    outcome.sends.push_back({shipment_object(e.about.order_id), "RetryLabel", {}});
  else
    return conclude(outcome, settings, state, received,
                    {event_verdict::skipped, "there is no action " + e.action});
  log::info("operator_action", {{"object", order_object(e.about.order_id).text()},
                                {"action", e.action},
                                {"who", e.actor},
                                {"reason", "Slack " + state.id.key}});
  conclude(outcome, settings, state, received,
           {event_verdict::applied, e.action + " by " + e.actor});
}

/// An order that knows all of it is not woken for it: most events say what a call's answer said.
std::optional<concluded> known_already(const surroundings& settings, const object_id& whom,
                                       const routed_event& routed) {
  if (!settings.load_object || whom.service != order_service_name)
    return std::nullopt;
  auto committed = settings.load_object(whom);
  if (!committed)
    return std::nullopt;
  committed->id = whom;
  if (committed->purged) // It takes nothing any more.
    return concluded{event_verdict::unmatched, "the order " + whom.key + " was purged"};
  return known_by(*committed, routed);
}

void give_to(event_outcome& outcome, const surroundings& settings, const object_state& state,
             const receipt& received, const object_id& whom) {
  const routed_event routed{state.id.key, received.vendor, received.what, true};
  if (const auto known = known_already(settings, whom, routed))
    return conclude(outcome, settings, state, received, *known);
  outcome.merges.emplace_back(verdict_entry, concluded().encode());
  outcome.sends.push_back({whom, "RecordWebhook", routed.encode(), 0, routed_entry});
}

/// On its way to what it is about.
void route(event_outcome& outcome, const surroundings& settings, const object_state& state,
           const receipt& received) {
  const auto& e = received.what;
  if (received.is_foreign)
    return conclude(outcome, settings, state, received,
                    {event_verdict::foreign, "it is of another hub"});
  if (e.kind == event_kind::skipped || e.kind == event_kind::handshake)
    return conclude(outcome, settings, state, received, {event_verdict::skipped, e.type});
  if (e.kind == event_kind::awakeable) // Which the door has completed.
    return conclude(outcome, settings, state, received,
                    {e.code.empty() ? event_verdict::applied : event_verdict::unmatched,
                     e.code.empty() ? "awakeable completed" : e.code});
  if (e.kind == event_kind::operator_action && !e.about.order_id.empty())
    return act_for(outcome, settings, state, received);
  if (!e.about.order_id.empty()) {
    const auto whom = route_of(e.kind, e.about.order_id);
    if (!whom)
      return conclude(outcome, settings, state, received,
                      {event_verdict::unmatched, "nothing here waits for such an event"});
    return give_to(outcome, settings, state, received, *whom);
  }
  if (!e.vendor_ids.empty())
    return ask_whose(outcome, settings, state, received);
  conclude(outcome, settings, state, received,
           {event_verdict::unmatched, "it names neither an order nor anything of its vendor's"});
}

result<event_outcome> receive(const surroundings& settings, const object_state& state,
                              std::string_view body) {
  auto received = receipt::decode_event(body); // The rest is in this input: not needed twice.
  if (!received)
    return received.failure();
  event_outcome outcome;
  outcome.name = "received";
  if (state.value(received_entry) != nullptr)
    return outcome; // Its request key was forgotten, it was not.
  outcome.merges.emplace_back(received_entry, received->encode());
  route(outcome, settings, state, *received);
  if (received->is_swept)
    settings->webhooks->add_swept(received->vendor);
  return outcome;
}

result<event_outcome> match(const surroundings& settings, const object_state& state,
                            std::string_view body) {
  auto received = received_by(state);
  if (!received)
    return received.failure();
  auto whose = vendor_name::decode(body);
  if (!whose)
    return whose.failure();
  event_outcome outcome;
  outcome.name = "matched";
  if (verdict_of(state) != event_verdict::unmatched)
    return outcome; // By another of its ids.
  auto found = *received;
  found.what.about.order_id = whose->order_id;
  found.what.about.step = whose->step;
  if (!whose->attempt.empty())
    found.what.about.attempt = whose->attempt;
  ask_no_more(outcome, state, *received);
  outcome.merges.emplace_back(matched_entry, webhook_match{whose->order_id, {}, {}, 0}.encode());
  if (const auto whom = route_of(found.what.kind, whose->order_id))
    give_to(outcome, settings, state, found, *whom);
  return outcome;
}

result<event_outcome> conclude_it(const surroundings& settings, const object_state& state,
                                  std::string_view body) {
  auto with = concluded::decode(body);
  if (!with)
    return with.failure();
  auto received = received_by(state);
  if (!received)
    return received.failure();
  event_outcome outcome;
  outcome.name = "concluded";
  conclude(outcome, settings, state, *received, *with);
  return outcome;
}

result<event_outcome> expire(const surroundings& settings, const object_state& state,
                             std::string_view) {
  event_outcome outcome;
  outcome.name = "expired";
  const auto received = received_by(state);
  if (!received || state.value(waits_entry) == nullptr)
    return outcome;
  ask_no_more(outcome, state, *received);
  conclude(outcome, settings, state, *received, nobody_knows(*received));
  return outcome;
}

/// To the order that it was found to be of. What an operator says is marked as such: the order's
/// record of it names him as the actor.
void give_as_matched(event_outcome& outcome, const surroundings& settings,
                     const object_state& state, const receipt& received,
                     const webhook_match& whose) {
  const auto found = as_matched(received, whose);
  if (const auto whom = route_of(found.what.kind, whose.order_id))
    give_to(outcome, settings, state, found, *whom);
}

result<event_outcome> replay(const surroundings& settings, const object_state& state,
                             std::string_view) {
  auto received = received_by(state);
  if (!received)
    return received.failure();
  event_outcome outcome;
  outcome.name = "replayed";
  const auto* before = state.value(replays_entry);
  outcome.merges.emplace_back(replays_entry,
                              std::to_string(1 + (before ? std::atoi(before->c_str()) : 0)));
  // By one of the vendor's ids it finds its way again, and its step.
  const auto whose = match_of(state);
  if (whose && !whose->who.empty())
    give_as_matched(outcome, settings, state, *received, *whose);
  else
    route(outcome, settings, state, *received);
  return outcome;
}

result<event_outcome> assign(const surroundings& settings, const object_state& state,
                             std::string_view body) {
  auto received = received_by(state);
  if (!received)
    return received.failure();
  const auto whose = webhook_match::decode(body);
  if (!whose)
    return whose.failure();
  if (!may_be_key(whose->order_id))
    return fail({error_kind::rejected, "webhook", "That can be no order's key.", 400});
  if (!route_of(received->what.kind, whose->order_id))
    return fail({error_kind::rejected, "webhook",
                 "An event of the kind " + std::string(name_of(received->what.kind)) +
                     " is about no order.",
                 409});
  event_outcome outcome;
  outcome.name = "assigned";
  if (state.value(waits_entry) != nullptr)
    ask_no_more(outcome, state, *received);
  outcome.merges.emplace_back(matched_entry, whose->encode());
  give_as_matched(outcome, settings, state, *received, *whose);
  return outcome;
}

result<std::string> show(const durable::read_view& view, std::string_view) {
  auto received = received_by(view.state);
  if (!received)
    return received.failure();
  auto verdict = became_of(view.state, view.ended);
  if (!verdict)
    return verdict.failure();
  const auto& e = received->what;
  json j{{"vendor", received->vendor},
         {"eventId", e.id},
         {"type", e.type},
         {"kind", name_of(e.kind)},
         {"receivedAt", utc_text(received->received_at)},
         {"verdict", name_of(verdict->verdict)},
         {"text", verdict->text},
         {"swept", received->is_swept}};
  if (!e.about.order_id.empty())
    j["orderId"] = e.about.order_id;
  if (!e.vendor_ids.empty())
    j["vendorIds"] = e.vendor_ids;
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

durable::service_definition verified_webhook_service(settings_ptr settings,
                                                     object_loader load_object) {
  durable::service_definition service;
  const surroundings with{std::move(settings), std::move(load_object)};
  const auto add = [&](const char* name,
                       result<event_outcome> (*event)(const surroundings&, const object_state&,
                                                      std::string_view)) {
    durable::handler_definition h;
    h.mode = durable::handler_mode::event;
    h.internal = true;
    h.ephemeral = true;
    h.event = [with, event](const object_state& state, std::string_view body) {
      return event(with, state, body);
    };
    // What comes under one event's id is that event.
    h.content = [](std::string_view) { return std::string("event"); };
    service.handlers.emplace(name, std::move(h));
  };
  add("Receive", &receive);
  add("Match", &match);
  add("Conclude", &conclude_it);
  add("Expire", &expire);
  add("Replay", &replay);
  add("Assign", &assign);
  durable::handler_definition view;
  view.mode = durable::handler_mode::read;
  view.internal = true;
  view.read = &show;
  service.handlers.emplace("Show", std::move(view));
  return service;
}

} // namespace orderhub::handlers
