// What a person does to an order: each of its objects gets a record, one after the other, and what
// is still to be done is looked at anew before each.
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/order_moves.hpp"
#include "actors/handlers/explain/step_requests.hpp"
#include "actors/handlers/explain/value_as_told.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/label_webhook.hpp"
#include "http_gateway/admin/action_body.hpp"
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::explained_step;
using handlers::explanation;
using handlers::is_moved_by_retry;
using handlers::order_objects;
using journal::operator_verb;

/// An order as it stands, and what is asked for.
struct situation {
  const admin_action& action;
  const action_body& body;
  const order_objects& objects;
  const explanation& shown;
  const handlers::explain_now& at;
  const handlers::order_plan& settings;
};
struct to_do {
  object_id object;
  invocation_id invocation;
  operator_verb verb{};
  std::string step{};
  std::string evidence{};
  std::string begins{};
  std::string wanted{};
  std::string value{};
};
struct plan {
  std::vector<json> items;
  std::vector<to_do> objects; ///< In the order in which they are told.
};
using planned = std::variant<plan, admin_problem>;
using planner = std::function<planned(const situation&)>;

// ── What a plan says ─────────────────────────────────────────────────────────────────────────

json item(std::string_view what, const explained_step* step = nullptr) {
  json because = json::array();
  json j{{"what", what},
         {"object", nullptr},
         {"step", nullptr},
         {"ref", nullptr},
         {"vendor", nullptr},
         {"call", nullptr},
         {"key", nullptr},
         {"safe", true},
         {"amount", nullptr},
         {"currency", nullptr},
         {"because", std::move(because)}};
  if (step != nullptr) {
    j["object"] = step->object;
    j["step"] = step->name;
    j["ref"] = step->ref;
    j["vendor"] = step->vendor;
  }
  return j;
}

json retry_item(const explained_step& step) {
  auto j = item(step.if_retried->call.empty() ? "nothing" : "call", &step);
  j["call"] = text_or_null<json>(step.if_retried->call);
  j["key"] = text_or_null<json>(step.if_retried->key);
  j["safe"] = step.if_retried->safe;
  for (const auto& said : step.if_retried->because)
    j["because"].push_back(said.text);
  if (step.state == "paused")
    j["what"] = "replay";
  return j;
}

/// Its vendor is held by its breaker, or for our credential: a call that a person wants may leave
/// as the probe.
bool may_probe(const situation& s, const explained_step& step) {
  using hold = handlers::vendor_hold_kind;
  return s.body.force_probe &&
         std::any_of(s.at.vendors.begin(), s.at.vendors.end(), [&](const auto& v) {
           return v.vendor == step.vendor &&
                  (v.hold == hold::breaker || v.hold == hold::credential);
         });
}

/// It waits for its vendor's hold to end, and would leave as the probe.
bool is_forced(const situation& s, const explained_step& step) {
  const auto is_queued = [](const auto& prediction) {
    return std::any_of(prediction.because.begin(), prediction.because.end(), [](const auto& said) {
      return said.which == handlers::sentence::retry_queued;
    });
  };
  return step.ended_at == 0 && step.state != "paused" && step.if_retried &&
         is_queued(*step.if_retried) && may_probe(s, step);
}

/// Of one that leaves as the probe.
bool is_safe_probe(const explained_step& step) {
  return step.state != "in_doubt" || step.policy != "may_repeat";
}

json forced_item(const explained_step& step) {
  auto j = item("probe", &step);
  const bool is_look_up = step.state == "in_doubt" && step.policy == "look_up";
  j["call"] = is_look_up ? json("a look-up") : text_or_null<json>(step.call);
  j["key"] = is_look_up ? json(nullptr) : text_or_null<json>(step.key);
  j["safe"] = is_safe_probe(step);
  j["because"].push_back(
      "Its vendor is held: it leaves as the next probe, before all that wait. Where a probe is out "
      "already it stays in its queue.");
  return j;
}

std::optional<object_id> object_of(const order_objects& objects, const std::string& text) {
  for (const auto& state : objects.states)
    if (state.id.text() == text)
      return state.id;
  return std::nullopt;
}

invocation_id invocation_of(const explained_step& step) {
  return invocation_id::parse(step.ref.substr(0, step.ref.find(':'))).value_or(invocation_id());
}

/// The open step that `{ref}` means: a ref, or the name of one that is there once.
std::variant<const explained_step*, admin_problem> step_of(const situation& s) {
  const auto meant = handlers::open_step(s.shown, s.action.call.in_path.at("ref"));
  if (meant.is_ambiguous)
    return problem_of(admin_reason::ambiguous_step, {}, "ref");
  if (meant.step == nullptr)
    return problem_of(admin_reason::no_such_step, {}, "ref");
  return meant.step;
}

std::optional<admin_problem> refused_repeat(const situation& s, const explained_step& step) {
  const bool is_safe =
      is_forced(s, step) ? is_safe_probe(step) : !step.if_retried || step.if_retried->safe;
  if (is_safe || s.body.accept_repeat)
    return std::nullopt;
  return problem_of(admin_reason::may_repeat,
                    "The step " + step.name +
                        " may be done a second time; say accept_repeat where that is well.",
                    "accept_repeat");
}

handlers::order_moves moves_of(const situation& s, operator_verb verb) {
  return handlers::moves_of(verb, s.objects, s.shown, s.body.accept_repeat);
}

// ── The plans ────────────────────────────────────────────────────────────────────────────────

/// A refused label has no open step: it is bought anew at its time, or now.
void add_label(plan& p, const journal::object_state& shipment, const std::string& wanted) {
  auto j = item("call");
  j["object"] = shipment.id.text();
  j["step"] = "label";
  j["vendor"] = "shippo";
  j["because"].push_back("The carrier refused the label; it is bought anew now instead of later.");
  p.items.push_back(std::move(j));
  p.objects.push_back({shipment.id, {}, operator_verb::retry, "label", {}, "RetryLabel", wanted});
}

/// What becomes of a step that is settled before the cancel goes on; empty: nothing follows.
std::string_view undone_later(std::string_view step) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> consequences = {{
      {"charge", "If the card was charged, the money is given back."},
      {"label", "If it was bought, it is given back."},
      {"reserve_stock", "If goods are held, they are released."},
      {"pick_ticket", "If there is one, it is called off."},
      {"pickup", "If one is booked, it is called off."},
  }};
  const auto it = std::find_if(consequences.begin(), consequences.end(),
                               [&](const auto& c) { return c.first == step; });
  return it == consequences.end() ? std::string_view() : it->second;
}

/// A cancel abandons nothing that may have happened.
void add_settled_first(plan& p, const situation& s) {
  std::set<std::string_view> named;
  for (const auto& step : s.shown.steps) {
    const auto then = undone_later(step.name);
    const bool is_doubted = std::find(s.shown.in_doubt.begin(), s.shown.in_doubt.end(),
                                      step.name) != s.shown.in_doubt.end();
    if (step.ended_at != 0 || (!is_doubted && (then.empty() || step.state != "out")))
      continue;
    named.insert(step.name);
    auto j = item("settle_first", &step);
    if (!then.empty())
      j["because"].push_back(then);
    p.items.push_back(std::move(j));
  }
  for (const auto& step : s.shown.in_doubt)
    if (!named.contains(step)) {
      auto j = item("settle_first");
      j["step"] = step;
      p.items.push_back(std::move(j));
    }
}

std::string_view reason_of(const handlers::cancel_call& call) {
  if (call.what == "cancel_payment")
    return "Nothing was charged; where that has changed meanwhile, the money is given back.";
  if (call.what == "mail" || call.what == "sms")
    return "The customer is told that the order is cancelled, and what became of the money.";
  if (call.what == "announce")
    return "The shop is told.";
  if (call.what == "tell_providers")
    return "The custom providers that are called after a cancel are told.";
  return {};
}

void add_cancel_calls(plan& p, const situation& s) {
  for (const auto& [object, call] : handlers::calls_of_cancel(s.objects, s.settings)) {
    auto j = item(call.what);
    j["object"] = object.text();
    j["step"] = text_or_null<json>(call.step);
    j["vendor"] = text_or_null<json>(call.vendor);
    j["call"] = text_or_null<json>(call.id);
    if (call.what == "refund" && call.amount.minor_units > 0) {
      j["amount"] = call.amount.minor_units;
      j["currency"] = text_or_null<json>(call.amount.currency);
    }
    if (const auto why = reason_of(call); !why.empty())
      j["because"].push_back(why);
    p.items.push_back(std::move(j));
  }
}

/// What a vendor refused to undo is asked for once more by the cancel's own handler, which knows
/// what of it may go under its key of before and what is a request of its own.
void add_compensation(plan& p, const situation& s, const std::string& step) {
  add_cancel_calls(p, s);
  p.objects.push_back(
      {handlers::order_object(s.objects.key), {}, operator_verb::retry, step, {}, "CancelOrder"});
}

const journal::object_state* stayed_open(const situation& s) {
  const auto* own = s.objects.find(handlers::order_object(s.objects.key));
  return own != nullptr && handlers::has_stayed_open(*own) ? own : nullptr;
}

planned plan_of_retry(const situation& s) {
  plan p;
  for (const auto& step : s.shown.steps) {
    if (!is_moved_by_retry(step) && !is_forced(s, step))
      continue;
    if (auto problem = refused_repeat(s, step))
      return std::move(*problem);
    p.items.push_back(is_forced(s, step) ? forced_item(step) : retry_item(step));
  }
  const std::string wanted = s.body.force_probe ? "force_probe" : "";
  const auto moves = moves_of(s, operator_verb::retry);
  for (const auto& state : s.objects.states) {
    const auto name = state.id.text();
    const bool is_taken =
        std::find(moves.objects.begin(), moves.objects.end(), state.id) != moves.objects.end();
    const bool is_moved =
        std::any_of(s.shown.steps.begin(), s.shown.steps.end(), [&](const auto& step) {
          return step.object == name && (is_moved_by_retry(step) || is_forced(s, step));
        });
    if (!is_taken && !is_moved)
      continue;
    if (handlers::label_for_later(state) != nullptr && !is_moved) {
      add_label(p, state, wanted);
      continue;
    }
    if (!is_moved && stayed_open(s) == &state) {
      add_compensation(p, s, {});
      continue;
    }
    if (!is_moved) {
      auto j = item("replay");
      j["object"] = name;
      p.items.push_back(std::move(j));
    }
    p.objects.push_back({state.id, {}, operator_verb::retry, {}, {}, {}, wanted});
  }
  return p;
}

/// A step that has ended, or for which somebody is called though none is open.
struct step_ended {
  std::string name;
  std::string_view state; ///< `refused`; empty: none of its calls is shown.
  bool is_called = false; ///< A person is called for it.
};
step_ended ended_step(const situation& s, const std::string& wanted) {
  step_ended found{wanted, {}};
  for (const auto& step : s.shown.steps)
    if (step.ended_at != 0 && (step.ref == wanted || step.name == wanted))
      found = {step.name, step.state}; // The newest.
  found.is_called = std::any_of(s.shown.attention.begin(), s.shown.attention.end(),
                                [&](const auto& a) { return a.step == found.name; });
  return found;
}

/// Why a step that has ended has no next move, and what a person does instead.
std::string not_retried(const step_ended& step) {
  std::string why = "The step " + step.name + " has ended";
  if (!step.state.empty())
    why.append(" (").append(step.state).append(")");
  why += ", so it has no next move: a retry would be another request. ";
  if (step.state != "done" && step.name.starts_with("refund_order"))
    return why + "Ask for the refund under another refundId (RefundOrder), or give it back at "
                 "Stripe and take the call over: orders ack.";
  if (step.name == "charge" && step.is_called)
    return why + "Correct what Stripe refused, and send the order again with \"retry\": true "
                 "(ProcessOrder).";
  if (step.state == "done" || !step.is_called)
    return why + "Nothing is left to do for it.";
  return why + "What to do is in OPERATING.md, \"When a person is called\"; take the call "
               "over with orders ack.";
}

planned plan_of_step_retry(const situation& s) {
  auto found = step_of(s);
  if (auto* problem = std::get_if<admin_problem>(&found)) {
    const auto& wanted = s.action.call.in_path.at("ref");
    if (wanted == "label")
      for (const auto& state : s.objects.states)
        if (plan p; handlers::label_for_later(state) != nullptr) {
          add_label(p, state, {});
          return p;
        }
    const auto ended = ended_step(s, wanted);
    if (const auto calls = handlers::calls_of_cancel(s.objects, s.settings);
        stayed_open(s) != nullptr && std::any_of(calls.begin(), calls.end(), [&](const auto& one) {
          return one.call.step == ended.name ||
                 (one.call.what == "refund" && ended.name == "refund_event"); // At the bank.
        })) {
      plan p;
      add_compensation(p, s, ended.name);
      return p;
    }
    if (ended.state.empty() && !ended.is_called)
      return std::move(*problem);
    return problem_of(admin_reason::not_possible, not_retried(ended), "ref");
  }
  const auto& step = *std::get<0>(found);
  if (auto problem = refused_repeat(s, step))
    return std::move(*problem);
  plan p;
  p.items.push_back(is_forced(s, step) ? forced_item(step) : retry_item(step));
  const auto object = object_of(s.objects, step.object);
  if (object && (is_moved_by_retry(step) || is_forced(s, step)))
    p.objects.push_back({*object,
                         invocation_of(step),
                         operator_verb::retry,
                         step.name,
                         {},
                         {},
                         s.body.force_probe ? "force_probe" : ""});
  return p;
}

/// What is believed without asking: the step ends with what the person says, or is done anew.
planned plan_of_belief(const situation& s, const explained_step& step) {
  const bool is_there_twice =
      std::count_if(s.shown.steps.begin(), s.shown.steps.end(), [&](const auto& other) {
        return other.ended_at == 0 && other.name == step.name &&
               invocation_of(other) == invocation_of(step);
      }) > 1;
  if (is_there_twice)
    return problem_of(admin_reason::ambiguous_step, {}, "ref");
  const auto object = object_of(s.objects, step.object);
  if (!s.body.has_happened && step.state == "paused")
    return problem_of(
        admin_reason::not_possible,
        "Its invocation cannot go on, so the step cannot be done anew: retry it first.", "outcome");
  plan p;
  auto j = item("believe", &step);
  to_do told{object.value_or(object_id()), invocation_of(step),
             s.body.has_happened ? operator_verb::happened_unverified
                                 : operator_verb::not_happened_unverified,
             step.name, s.body.evidence};
  if (s.body.has_happened) {
    const auto intent = handlers::intent_of(s.objects, step.ref);
    if (!intent)
      return problem_of(admin_reason::not_possible, "What is stored of the step cannot be read.");
    auto value = handlers::value_as_told(*intent, s.body.value);
    if (!value)
      return problem_of(admin_reason::not_possible, value.error().message, "value");
    told.value = std::move(*value);
    j["because"].push_back("The step ends with what you say, and " + step.vendor +
                           " is not asked whether it is so.");
  } else {
    j["safe"] = false;
    j["because"].push_back("The step is done anew, and " + step.vendor +
                           " is not asked whether it was done before: it may be done twice.");
  }
  p.items.push_back(std::move(j));
  if (object)
    p.objects.push_back(std::move(told));
  return p;
}

planned plan_of_resolve(const situation& s) {
  auto found = step_of(s);
  if (auto* problem = std::get_if<admin_problem>(&found))
    return std::move(*problem);
  const auto& step = *std::get<0>(found);
  constexpr std::array states = {"in_doubt", "person", "paused"};
  if (std::find(states.begin(), states.end(), step.state) == states.end())
    return problem_of(admin_reason::not_in_doubt, {}, "ref");
  if (s.body.is_unverified)
    return plan_of_belief(s, step);
  constexpr std::array cannot_be_read = {"may_repeat", "may_miss"};
  if (std::find(cannot_be_read.begin(), cannot_be_read.end(), step.policy) != cannot_be_read.end())
    return problem_of(admin_reason::not_possible,
                      step.vendor + " cannot be asked whether the step " + step.name +
                          " happened, so a word about it cannot be checked.",
                      "ref");
  plan p;
  auto j = item("look_up", &step);
  const bool is_known = step.if_retried && step.if_retried->call.starts_with("GET ");
  j["call"] = is_known ? json(step.if_retried->call) : json("a look-up");
  j["because"].push_back(s.body.has_happened
                             ? "What is found at the vendor is believed, not the word alone."
                             : "Two empty look-ups after the absence time confirm the word.");
  p.items.push_back(std::move(j));
  if (const auto object = object_of(s.objects, step.object))
    p.objects.push_back(
        {*object, invocation_of(step),
         s.body.has_happened ? operator_verb::happened : operator_verb::not_happened, step.name,
         s.body.evidence});
  return p;
}

planned plan_of_hold(const situation& s, bool pause) {
  plan p;
  for (const auto& step : s.shown.steps) {
    if (step.ended_at != 0)
      continue;
    const bool is_settled = step.state == "out" || step.state == "in_doubt";
    auto j = item(!pause ? "goes_on" : is_settled ? "is_settled" : "is_held", &step);
    p.items.push_back(std::move(j));
  }
  const auto verb = pause ? operator_verb::pause : operator_verb::resume;
  const auto moves = moves_of(s, verb);
  for (const auto& object : moves.objects) {
    p.objects.push_back({object,
                         {},
                         verb,
                         {},
                         {},
                         {},
                         s.body.until > 0 ? journal::pause_until(s.body.until) : std::string()});
    // What has not begun has no step.
    const auto* state = s.objects.find(object);
    if (!pause && state != nullptr &&
        std::any_of(state->live.begin(), state->live.end(),
                    [](const auto& i) { return i.entries.empty() && !i.input.passes_pause; })) {
      p.items.push_back(item("goes_on"));
      p.items.back()["object"] = object.text();
    }
  }
  if (p.objects.empty())
    p.items.clear();
  return p;
}

planned plan_of_cancel(const situation& s) {
  auto moves = moves_of(s, operator_verb::cancel);
  if (moves.refusal == handlers::move_refusal::on_its_way)
    return problem_of(admin_reason::not_possible, "Order " + s.objects.key + " is " + moves.about +
                                                      " and can no longer be cancelled.");
  if (moves.refusal != handlers::move_refusal::none)
    return problem_of(admin_reason::not_possible, "What is stored of the order cannot be read.");
  if (moves.objects.empty())
    return plan{};
  plan p;
  add_settled_first(p, s);
  add_cancel_calls(p, s);
  p.objects.push_back(
      {std::move(moves.objects.front()), {}, operator_verb::cancel, {}, {}, "CancelOrder"});
  return p;
}

planned plan_of_ack(const situation& s) {
  const auto& wanted = s.action.call.in_path.at("step");
  const bool is_there = std::any_of(s.shown.attention.begin(), s.shown.attention.end(),
                                    [&](const auto& a) { return a.step == wanted; });
  if (!is_there)
    return problem_of(admin_reason::no_such_step, "Nobody is called for that step of the order.",
                      "step");
  plan p;
  auto j = item("ack");
  j["step"] = wanted;
  p.items.push_back(std::move(j));
  p.objects.push_back({handlers::order_object(s.objects.key), {}, operator_verb::ack, wanted});
  return p;
}

// ── What is done ─────────────────────────────────────────────────────────────────────────────

admin_answer acted(const situation& s, const plan& p, const std::string& id, bool is_accepted) {
  const bool dry = s.action.is_dry_run();
  const json body{{"audit_id", dry || !is_accepted ? json(nullptr) : json(id)},
                  {"version", s.shown.version},
                  {"plan", p.items},
                  {"effect", is_accepted ? "accepted" : "nothing_to_do"},
                  {"dry_run", dry}};
  auto page = page_of(body, std::to_string(s.shown.version));
  page.status = dry ? 200 : 202;
  page.changed_nothing = !is_accepted && !dry;
  return page;
}

admin_problem problem_of(const host::call_response& reply) {
  const auto message = message_of(reply);
  if (reply.status == 412)
    return problem_of(admin_reason::changed, {}, "expect_version");
  if (reply.status == 409)
    return problem_of(message.starts_with("Under this id") ? admin_reason::idempotency_conflict
                                                           : admin_reason::not_possible,
                      message.starts_with("Under this id") ? std::string() : message);
  return problem_of(admin_reason::unavailable, message.empty() ? std::string(late_text) : message);
}

/// The action of that id that was recorded before: it may have been cut short.
const journal::operator_payload* known_action(const order_objects& objects, const std::string& id) {
  for (const auto& state : objects.states)
    for (const auto& o : state.operators)
      if (o.action.id == id)
        return &o.action;
  return nullptr;
}

/// What the body asks for, where it says that.
operator_verb verb_of(const action_body& body, operator_verb verb) {
  if (verb != operator_verb::happened)
    return verb;
  if (body.is_unverified)
    return body.has_happened ? operator_verb::happened_unverified
                             : operator_verb::not_happened_unverified;
  return body.has_happened ? operator_verb::happened : operator_verb::not_happened;
}

admin_answer carry_out(const admin_action& action, const admin_sources& from, body_form form,
                       operator_verb verb, const planner& make_plan) {
  auto read = read_action_body(action.body, form);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  auto& body = std::get<0>(read);
  if (body.lasts_ms > 0)
    body.until = from.hub.now() + body.lasts_ms;
  if (body.until > 0 && body.until <= from.hub.now())
    return problem_of(admin_reason::invalid_body,
                      "until must be a time to come, in UTC: 2026-11-24T11:00:00Z.", "until");
  if (body.is_unverified && action.who.role < admin_role::admin)
    return role_too_low(action.who, admin_role::admin);
  const auto id = action_id_of(action.who, action.idempotency_key, action.call.key());
  std::set<object_id> done;
  std::optional<plan> first;
  bool was_known = false, is_recorded = false;
  std::string known_wanted; ///< Of a repeat of a pause: when that one ends.
  // Until the first record: what the action itself causes moves the others.
  std::vector<host::seen_object> unchanged;
  while (true) {
    auto found = read_order(action.call.key(), from);
    if (auto* problem = std::get_if<admin_problem>(&found))
      return std::move(*problem);
    const auto& objects = std::get<0>(found);
    if (objects.is_purged() && done.empty())
      return problem_of(admin_reason::purged);
    const auto at = explain_now_of(from);
    const auto shown = handlers::explain(objects, at);
    const situation now{action, body, objects, shown, at, from.about.order_plan};
    if (!first) {
      const auto* known = known_action(objects, id);
      was_known = is_recorded = known != nullptr;
      if (was_known && body.until > 0)
        known_wanted = known->wanted;
      const bool is_meant = known != nullptr && known->verb == verb_of(body, verb);
      if (was_known && (!is_meant || known->reason != body.reason))
        return problem_of(admin_reason::idempotency_conflict, {}, "idempotency-key");
      if (!was_known && body.expect_version && *body.expect_version != shown.version)
        return problem_of(admin_reason::changed,
                          "The order is at version " + std::to_string(shown.version) + ", not at " +
                              std::to_string(*body.expect_version) + "; nothing was done.",
                          "expect_version");
      if (!was_known && body.expect_version)
        unchanged = objects_as_seen(objects);
    }
    if (was_known && !known_wanted.empty())
      body.until = 0; // Its repeat ends when it does.
    auto made = make_plan(now);
    if (auto* problem = std::get_if<admin_problem>(&made)) {
      if (done.empty() && !was_known)
        return std::move(*problem);
      made = plan{}; // Done, it may not be possible any more.
    }
    auto& p = std::get<0>(made);
    if (!first)
      first = p;
    const auto next = std::find_if(p.objects.begin(), p.objects.end(),
                                   [&](const to_do& t) { return !done.contains(t.object); });
    if (action.is_dry_run())
      return acted(now, p, id, !p.objects.empty());
    if (next == p.objects.end())
      return acted(now, *first, id, !done.empty() || was_known);
    auto record = signed_by(action.who, action.request_id);
    record.verb = next->verb;
    record.step = next->step;
    record.reason = body.reason;
    record.evidence = next->evidence;
    record.wanted = known_wanted.empty() ? next->wanted : known_wanted;
    record.value = next->value;
    record.id = id;
    record.target = is_recorded ? objects.key : ""; // The first stands for all.
    auto about = next->invocation;
    if (!next->begins.empty()) {
      system_random random;
      about = invocation_id::make(from.hub.now(), random);
    }
    const auto reply =
        act_now(action, {next->object, about, std::move(record), next->begins, unchanged});
    // 404: what was open there has ended meanwhile.
    if (reply.status != 202 && reply.status != 404)
      return problem_of(reply);
    if (reply.status == 202) {
      unchanged.clear();
      is_recorded = true;
    }
    done.insert(next->object);
  }
}

} // namespace

admin_answer retry_order(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::retry, operator_verb::retry, &plan_of_retry);
}
admin_answer retry_step(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::retry, operator_verb::retry, &plan_of_step_retry);
}
admin_answer resolve_step(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::resolve, operator_verb::happened, &plan_of_resolve);
}
admin_answer pause_order(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::pause, operator_verb::pause,
                   [](const situation& s) { return plan_of_hold(s, true); });
}
admin_answer resume_order(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::plain, operator_verb::resume,
                   [](const situation& s) { return plan_of_hold(s, false); });
}
admin_answer cancel_order(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::plain, operator_verb::cancel, &plan_of_cancel);
}
admin_answer acknowledge(const admin_action& action, const admin_sources& from) {
  return carry_out(action, from, body_form::plain, operator_verb::ack, &plan_of_ack);
}

} // namespace orderhub::http_gateway
