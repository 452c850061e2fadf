#include "actors/handlers/explain/explain.hpp"

#include "actors/handlers/deployments/deployment.hpp"
#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/fulfilment/fulfilment_view.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

namespace {

/// The order as its entry has it; before that, as the request that began has it.
std::optional<order> placed_of(const journal::object_state& state) {
  if (const auto* recorded = state.value("order"))
    if (auto placed = order::decode(*recorded))
      return std::move(*placed);
  for (const auto& i : state.live)
    if (i.input.handler == "ProcessOrder")
      if (auto placed = order::decode(i.input.body))
        return std::move(*placed);
  return std::nullopt;
}

/// Of an order that cannot be read, as its first request has it.
std::string currency_of(const order_objects& objects, const explanation& e) {
  if (!e.money.currency.empty())
    return e.money.currency;
  for (const auto& row : objects.past.found)
    if (row.invocation.input.handler == "ProcessOrder")
      if (const auto placed = order::decode(row.invocation.input.body))
        return placed->total.currency;
  return {};
}

order_facts facts_of(const journal::object_state* state) {
  const auto* recorded = state != nullptr ? state->value("facts") : nullptr;
  if (recorded != nullptr)
    if (auto facts = order_facts::decode(*recorded))
      return std::move(*facts);
  return {};
}

fulfilment_facts fulfilment_of(const order_objects& objects) {
  const auto* state = objects.fulfilment();
  auto facts = state != nullptr ? fulfilment_facts::decode(*state->value("facts"))
                                : result<fulfilment_facts>(fulfilment_facts());
  return facts ? std::move(*facts) : fulfilment_facts();
}

open_points open_points_of(const order_objects& objects, const order_facts& facts,
                           const explain_now& now) {
  const auto* order = objects.find(order_object(objects.key));
  journal::object_state blank;
  blank.id = order_object(objects.key);
  const std::function<result<journal::object_state>(const object_id&)> load =
      [&](const object_id& id) -> result<journal::object_state> {
    if (const auto* known = objects.find(id))
      return *known;
    journal::object_state none;
    none.id = id;
    return none;
  };
  const durable::read_view view{order != nullptr ? *order : blank, load, now.at};
  auto open = handlers::open_points_of(view, facts, now.call_after_ms);
  // `load` cannot fail.
  auto points = open ? std::move(*open) : open_points();
  for (const auto& state : objects.states)
    if (state.id.service == fulfilment_service_name ||
        state.id.service == deployment_service_name) {
      auto its =
          handlers::open_points_of(durable::read_view{state, load, now.at}, now.call_after_ms);
      std::move(its.waiting.begin(), its.waiting.end(), std::back_inserter(points.waiting));
      std::move(its.in_doubt.begin(), its.in_doubt.end(), std::back_inserter(points.in_doubt));
      std::move(its.persons.begin(), its.persons.end(), std::back_inserter(points.persons));
    }
  // A fulfilment that waits for its order, or for its customer to be told.
  if (points.waiting.empty())
    for (const auto& state : objects.states)
      if (state.id.service == fulfilment_service_name)
        for (auto& w : waits_for_others(state))
          points.waiting.push_back(std::move(w));
  return points;
}

/// Its own work; that its parcel is followed is none, and holds nothing up.
bool is_work(const journal::object_state& state) {
  return state.id.service != parcel_service_name && !state.live.empty();
}

bool is_unfinished(std::string_view status) {
  constexpr std::array unfinished = {"pending", "paid", "cancelling"};
  return std::find(unfinished.begin(), unfinished.end(), status) != unfinished.end();
}

/// Something of it is stopped until a person acts.
bool is_paused(const order_objects& objects) {
  return std::any_of(objects.states.begin(), objects.states.end(), [](const auto& s) {
    if (s.id.service == parcel_service_name)
      return false; // It holds nothing up.
    return s.paused_by_operator || std::any_of(s.live.begin(), s.live.end(), [](const auto& i) {
             return !i.paused_text.empty();
           });
  });
}

/// There is a fulfilment, and it has not come to its end.
bool is_fulfilled_half(const order_objects& objects) {
  const auto facts = fulfilment_of(objects);
  return facts.known() && !facts.ended;
}

std::string_view state_of(const order_objects& objects, const explanation& e,
                          const open_points& open) {
  const auto own = order_object(objects.key);
  if (std::any_of(objects.set_aside.begin(), objects.set_aside.end(),
                  [&](const auto& s) { return s.first == own; }))
    return "unreadable";
  if (is_paused(objects))
    return "paused";
  const bool works = std::any_of(objects.states.begin(), objects.states.end(), &is_work);
  if (open.waiting.empty() && open.persons.empty() && e.attention.empty())
    return works || (objects.has_order() && is_unfinished(e.status)) || is_fulfilled_half(objects)
               ? "stuck"
               : "done";
  if (open.waiting.empty())
    return "waiting"; // For a person.
  const auto goes_on = [](const waiting_step& w) {
    return w.cause == durable::wait_cause::hub ||
           (w.cause == durable::wait_cause::answer && w.next_at == 0);
  };
  return std::all_of(open.waiting.begin(), open.waiting.end(), goes_on) ? "running" : "waiting";
}

void add_steps(explanation& e, const order_objects& objects, const std::string& currency,
               const explain_now& now) {
  const auto add = [&](const journal::object_state* state, const object_id& object,
                       const journal::invocation_state& i) {
    for (auto& s : steps_of(state, object, i, currency, now))
      e.steps.push_back(std::move(s));
  };
  for (const auto& row : objects.past.found) {
    add(nullptr, row.object, row.invocation);
    e.calls.push_back(call_of_past(row, now));
  }
  for (const auto& state : objects.states)
    for (const auto& i : state.live) {
      add(&state, state.id, i);
      e.calls.push_back(call_of_live(state, i, now));
    }
  std::sort(e.steps.begin(), e.steps.end(), [](const auto& a, const auto& b) {
    return std::tie(a.intent_at, a.object, a.ref) < std::tie(b.intent_at, b.object, b.ref);
  });
  std::sort(e.calls.begin(), e.calls.end(), [](const auto& a, const auto& b) {
    return std::tie(a.accepted_at, a.object, a.id) < std::tie(b.accepted_at, b.object, b.id);
  });
}

void add_attention(explanation& e, const order_objects& objects, const order_facts& facts,
                   const open_points& open, const journal::object_state* own) {
  const auto add = [&](const std::string& step, const std::string& reason) {
    // By a record and by time as well it is one call, as lists have it.
    if (std::none_of(e.attention.begin(), e.attention.end(),
                     [&](const auto& known) { return known.step == step; }))
      e.attention.push_back(
          {step, reason, say(sentence::attention, {{"step", step}, {"reason", reason}})});
  };
  for (const auto& [step, reason] : open_attention(facts))
    add(step, reason);
  for (const auto& state : objects.states)
    if (const auto* recorded = state.value("facts");
        recorded != nullptr && state.id.service == fulfilment_service_name)
      if (const auto fulfilment = fulfilment_facts::decode(*recorded))
        for (const auto& [step, reason] : open_attention(*fulfilment))
          add(step, reason);
  for (const auto& p : open.persons)
    add(p.step, p.reason);
  if (own == nullptr)
    return;
  for (auto& a : e.attention)
    for (const auto& o : own->operators)
      if (o.action.verb == journal::operator_verb::ack && o.action.step == a.step) {
        a.acked_by = o.action.who; // The newest.
        a.acked_at = o.at;
      }
}

bool is_id_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The id in a person's word (`label_id=3005…, case 8812`) that its vendor does not show for the
/// step; empty: there is none.
std::string not_shown(const explained_step& step, std::string_view evidence) {
  constexpr std::array<std::string_view, 5> ids = {
      "label_id=", "payment_intent=", "refund=", "sid=", "ts="};
  for (const auto name : ids) {
    const auto at = evidence.find(name);
    if (at == std::string_view::npos || (at != 0 && evidence[at - 1] != ' '))
      continue;
    const auto id = evidence.substr(at + name.size(), evidence.find(',', at) - at - name.size());
    const auto is_whole = [&](std::string_view text, std::size_t from) {
      const auto end = from + id.size();
      return (from == 0 || !is_id_part(text[from - 1])) &&
             (end == text.size() || !is_id_part(text[end]));
    };
    const bool is_shown = std::any_of(step.moments.begin(), step.moments.end(), [&](const auto& m) {
      const auto found = m.what.text.find(id);
      return found != std::string::npos && is_whole(m.what.text, found);
    });
    if (!is_shown)
      return std::string(name) + std::string(id);
  }
  return {};
}

/// What the vendor said of a person's word, as far as it has been asked.
std::string confirmation_of(const explanation& e, const journal::operator_entry& o) {
  using journal::operator_verb;
  if (o.action.verb == operator_verb::happened_unverified ||
      o.action.verb == operator_verb::not_happened_unverified)
    return ". It was not checked with the vendor";
  const bool has_happened = o.action.verb == operator_verb::happened;
  if (!has_happened && o.action.verb != operator_verb::not_happened)
    return {};
  for (const auto& step : e.steps) {
    if (step.name != o.action.step ||
        (!o.invocation.empty() && !step.ref.starts_with(o.invocation.text())))
      continue;
    if (step.ended_at == 0)
      return ". The vendor has not confirmed it yet";
    for (const auto& m : step.moments) {
      const bool is_found = m.what.which == sentence::found || m.what.which == sentence::taken_over;
      if (m.at < o.at || (!is_found && m.what.which != sentence::absent))
        continue;
      if (const auto other = not_shown(step, o.action.evidence);
          is_found && has_happened && !other.empty())
        return ". " + title_of_vendor(step.vendor) + " shows it, but not " + other +
               ": what it shows counts, the id that was given does not";
      return ". " + title_of_vendor(step.vendor) +
             (is_found == has_happened ? " confirmed it" : " says otherwise");
    }
  }
  return {}; // Its step has ended, and is not shown.
}

/// `paused it`
std::string deed_of(const journal::operator_payload& a) {
  using journal::operator_verb;
  switch (a.verb) {
  case operator_verb::retry:
    return "retried " + (a.step.empty() ? std::string("it") : a.step) +
           (a.wanted.empty() ? "" : " as a probe");
  case operator_verb::pause:
    return "paused it";
  case operator_verb::resume:
    return "resumed it";
  case operator_verb::happened:
  case operator_verb::happened_unverified:
    return "said that " + a.step + " happened";
  case operator_verb::not_happened:
  case operator_verb::not_happened_unverified:
    return "said that " + a.step + " did not happen";
  case operator_verb::cancel:
    return "cancelled it";
  case operator_verb::ack:
    return "took over the call for " + a.step;
  case operator_verb::note:
    if (a.wanted == "reveal")
      return "saw the customer's data";
    if (a.wanted == "assign" && a.outcome == "accepted")
      return "tied the event " + a.target + " to it";
    return "wanted " + a.wanted + " (" + a.outcome + ')';
  case operator_verb::erase:
    return "erased the customer's data";
  case operator_verb::purge:
    return "purged it";
  }
  return "did something";
}

void add_people(explanation& e, const order_objects& objects, unix_ms now) {
  std::set<std::string> told; // An action on several objects is one.
  for (const auto& state : objects.states)
    for (const auto& o : state.operators) {
      if (!o.action.id.empty() && !told.insert(o.action.id).second)
        continue;
      explained_person p{o.at,
                         o.action.who,
                         o.action.role,
                         o.action.via,
                         std::string(journal::name_of(o.action.verb)),
                         o.action.reason,
                         {}};
      if (!o.action.step.empty())
        p.action += " of " + o.action.step;
      const auto as = p.role.empty() ? p.via : p.role + ", " + p.via;
      p.what = say(sentence::operator_acted,
                   {{"who", p.who},
                    {"via", as},
                    {"did", deed_of(o.action)},
                    {"at", moment_text(p.at, now)},
                    {"reason", p.reason.empty() ? std::string() : ": \"" + p.reason + '"'},
                    {"confirmed", confirmation_of(e, o)}});
      e.people.push_back(std::move(p));
    }
  std::sort(e.people.begin(), e.people.end(), [](const auto& a, const auto& b) {
    return std::tie(a.at, a.who, a.action) < std::tie(b.at, b.who, b.action);
  });
}

/// The order has records that are of none of its calls that are known here.
bool has_later_calls(const order_objects& objects) {
  const auto* own = objects.find(order_object(objects.key));
  if (own == nullptr)
    return false;
  unix_ms newest = 0;
  const auto look = [&](const journal::invocation_state& i) {
    newest = std::max({newest, i.accepted_at, i.finished_at});
    for (const auto& entry : i.entries)
      newest = std::max(newest, entry.time);
  };
  for (const auto& row : objects.past.found)
    if (row.object == own->id)
      look(row.invocation);
  for (const auto& i : own->live)
    look(i);
  for (const auto& o : own->operators)
    newest = std::max(newest, o.at);
  return own->last_time > newest;
}

void add_gaps(explanation& e, const order_objects& objects) {
  for (const auto& [object, why] : objects.set_aside)
    e.gaps.push_back(say(sentence::gap_set_aside, {{"object", object.text()}, {"reason", why}}));
  for (const auto& [object, why] : objects.not_read)
    e.gaps.push_back(say(sentence::gap_unread, {{"object", object.text()}, {"reason", why}}));
  if (!objects.past.is_whole)
    e.gaps.push_back(say(sentence::gap_bounded));
  else if (objects.past.found.empty())
    e.gaps.push_back(say(sentence::gap_not_listed));
  else if (has_later_calls(objects))
    e.gaps.push_back(say(sentence::gap_later));
}

/// What of it is not known yet.
void add_doubts(explanation& e, const open_points& open, const explain_now& now) {
  for (const auto& d : open.in_doubt) {
    const auto step = std::find_if(e.steps.begin(), e.steps.end(), [&](const auto& s) {
      return s.name == d.step && s.ended_at == 0;
    });
    if (step != e.steps.end() && step->state != "in_doubt" && step->state != "person" &&
        step->state != "paused")
      continue; // What it may have done does not count.
    const auto next =
        step == e.steps.end() ? std::string("its call is out") : next_text(*step, now);
    const auto words = words_of(d.step);
    e.in_doubt.push_back(d.step);
    e.summary.push_back(
        say(sentence::doubts, {{"thing", words.thing}, {"done", words.done}, {"next", next}}));
  }
}

/// Whether there is such an object cannot be told now.
bool is_hidden(const order_objects& objects, const object_id& id) {
  const auto is_it = [&](const auto& named) { return named.first == id; };
  return std::any_of(objects.set_aside.begin(), objects.set_aside.end(), is_it) ||
         std::any_of(objects.not_read.begin(), objects.not_read.end(), is_it);
}

/// The earliest of what is there, of an order whose facts do not say yet when it came.
unix_ms earliest_call(const journal::object_state& own) {
  unix_ms earliest = 0;
  for (const auto& i : own.live)
    if (earliest == 0 || i.accepted_at < earliest)
      earliest = i.accepted_at;
  return earliest;
}

/// Of a key that no order has.
void tell_without_order(explanation& e, const order_objects& objects,
                        const fulfilment_facts& fulfilment) {
  const auto* state = objects.fulfilment();
  if (const auto* deployed = objects.deployment_alone()) {
    const auto what = deployment_of(*deployed);
    const auto order = what.wanted.order_id.empty() ? std::string("no order")
                                                    : "the order " + what.wanted.order_id;
    e.status = status_of(what.facts);
    e.created_at = what.facts.created_at > 0 ? what.facts.created_at : earliest_call(*deployed);
    e.summary = {say(sentence::deployment_alone, {{"deployment", deployed->id.key},
                                                  {"ref", what.wanted.git_ref},
                                                  {"environment", what.wanted.environment},
                                                  {"order", order},
                                                  {"status", e.status}})};
    return;
  }
  if (state == nullptr || !fulfilment.known()) {
    e.status = "unknown";
    if (objects.find(order_object(objects.key)) != nullptr)
      e.summary = {say(sentence::no_order)};
    return;
  }
  e.status = status_of(fulfilment);
  e.created_at = fulfilment.created_at;
  e.tracking_number = fulfilment.tracking_number;
  const auto* request = state->value("request");
  const auto wanted = request != nullptr ? fulfilment_wanted::decode(*request)
                                         : result<fulfilment_wanted>(fulfilment_wanted());
  e.summary = {say(sentence::fulfilment_alone,
                   {{"fulfilment", state->id.key},
                    {"order", wanted ? std::string_view(wanted->order_id) : std::string_view("…")},
                    {"status", e.status}})};
}

} // namespace

shown_deployment deployment_of(const journal::object_state& state) {
  shown_deployment shown;
  if (const auto* request = state.value("request"))
    if (auto wanted = deployment_wanted::decode(*request))
      shown.wanted = std::move(*wanted);
  if (const auto* recorded = state.value("facts"))
    if (auto facts = deployment_facts::decode(*recorded))
      shown.facts = std::move(*facts);
  return shown;
}

explanation explain(const order_objects& objects, const explain_now& now) {
  explanation e;
  e.order = objects.key;
  e.at = now.at;
  const auto* own = objects.find(order_object(objects.key));
  const auto facts = facts_of(own);
  e.version = objects.version();
  for (const auto& state : objects.states)
    e.updated_at = std::max(e.updated_at, state.last_time);
  const auto fulfilment = fulfilment_of(objects);
  const bool has_order = objects.has_order();
  e.created_at = facts.known() || own == nullptr ? facts.created_at : earliest_call(*own);
  e.status = has_order ? std::string(status_of(facts)) : std::string("unknown");
  const auto placed = own != nullptr ? placed_of(*own) : std::nullopt;
  e.money = placed ? money_of(facts, placed->total.currency, placed->total.minor_units)
                   : money_of(facts, {}, 0);
  e.label_id = facts.label_id;
  e.tracking_number = facts.tracking_number;
  if (!has_order && !is_hidden(objects, order_object(objects.key)))
    tell_without_order(e, objects, fulfilment);

  const auto open = open_points_of(objects, facts, now);
  for (const auto& w : open.waiting)
    e.waits_for.push_back(wait_of(w, now));
  add_steps(e, objects, currency_of(objects, e), now);
  improve_waits(e, now);
  add_next(e);
  add_shell_lines(e, now);
  add_attention(e, objects, facts, open, own);
  add_people(e, objects, now.at);
  add_gaps(e, objects);
  add_webhooks(e, objects, now);
  e.state = state_of(objects, e, open);

  if (own != nullptr && own->purged) {
    e.status = "purged";
    e.state = "done";
    e.gaps.clear();
    e.summary = {say(sentence::order_purged, {{"at", moment_text(own->last_time, now.at)}})};
    return e;
  }
  if (has_order) {
    e.summary = money_words(facts, e.money);
    // What is said of the step says it.
    if (std::any_of(open.in_doubt.begin(), open.in_doubt.end(),
                    [](const auto& d) { return d.step == "charge"; }))
      std::erase_if(e.summary, [](const said& s) { return s.which == sentence::money_unknown; });
    for (auto& word : goods_words(facts))
      e.summary.push_back(std::move(word));
  }
  add_doubts(e, open, now);
  for (const auto& state : objects.states)
    if (state.paused_by_operator)
      e.summary.push_back(
          say(sentence::order_paused,
              {{"object", state.id.text()},
               {"until", journal::pause_end(state)
                             ? " until " + moment_text(journal::pause_end(state)->due, now.at)
                             : std::string()}}));
  if (own != nullptr)
    for (const auto& o : own->operators)
      if (o.action.verb == journal::operator_verb::erase) {
        e.summary.push_back(say(sentence::order_erased, {{"at", moment_text(o.at, now.at)}}));
        break;
      }
  if (e.state == "stuck")
    e.summary.push_back(say(sentence::stuck));
  if (e.state == "done")
    e.summary.push_back(say(sentence::nothing_left));
  return e;
}

} // namespace orderhub::handlers
