#include "actors/handlers/orders/open_points.hpp"

#include "actors/handlers/explain/step_words.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/label_order.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::wait_cause;

waiting_step step_of(journal::open_wait w) {
  waiting_step s;
  s.step = std::move(w.step);
  s.vendor = std::move(w.vendor);
  s.cause = w.needs_person && w.next_at == 0 ? wait_cause::person : durable::cause_of(w.reason);
  s.since = w.since;
  s.attempts = w.sends;
  s.last = std::move(w.reason);
  s.next_at = w.next_at;
  return s;
}

/// What is asked for again, as its next poll says.
std::optional<waiting_step> followed(const journal::open_invocation& i) {
  constexpr std::array followers = {payment_follower, refund_follower, tracking_follower,
                                    sms_follower,     ticket_follower, pickup_follower};
  const auto by = std::find_if(followers.begin(), followers.end(),
                               [&](const follower& f) { return f.handler == i.handler; });
  if (by == followers.end())
    return std::nullopt;
  const auto what = follow_up::decode(i.body);
  if (!what)
    return std::nullopt;
  return waiting_step{
      what->step, std::string(by->vendor), by->cause, what->since, what->polls, what->last,
      i.due_at};
}

/// A refused label before its next purchase.
std::optional<waiting_step> refused_label(const journal::open_invocation& i,
                                          const journal::object_state& state) {
  if (i.handler != "BuyLabel" || i.due_at == 0)
    return std::nullopt;
  const auto again = label_order::decode(i.body);
  const auto* why = state.value("refused");
  if (!again || why == nullptr)
    return std::nullopt;
  return waiting_step{"label", "shippo", wait_cause::refusal, i.since, again->attempt - 1,
                      *why,    i.due_at};
}

waiting_step step_of(const journal::open_invocation& i, const journal::object_state& state) {
  if (!i.begun) {
    if (auto known = followed(i))
      return std::move(*known);
    if (auto known = refused_label(i, state))
      return std::move(*known);
  }
  waiting_step s;
  s.step = i.handler;
  s.since = i.since;
  if (state.paused_by_operator) {
    s.cause = wait_cause::person;
    s.last = "paused by an operator";
    if (const auto end = journal::pause_end(state))
      s.next_at = end->due;
  } else if (!i.begun && !i.waits_for.empty()) {
    s.cause = wait_cause::earlier;
    s.last = i.waits_for + " runs before it";
  } else if (i.due_at > 0 || i.wakes_at > 0) {
    s.cause = wait_cause::time;
    s.last = i.begun ? "it waits for a time" : "it begins later";
    s.next_at = std::max(i.due_at, i.wakes_at);
  } else {
    s.last = i.begun ? "it goes on" : "it is about to begin";
  }
  return s;
}

/// A begun invocation that waits for another object: that one's own steps are shown.
bool is_shown_elsewhere(const journal::open_invocation& i) {
  return i.begun && !i.waits_for.empty();
}

void add(open_points& open, const journal::object_state& state) {
  for (auto& d : journal::open_doubts(state))
    if (has_effect(d.operation)) // What a question may have done does not count.
      open.in_doubt.push_back({std::move(d.step), d.since, std::move(d.reason)});
  for (auto& w : journal::open_waits(state)) {
    if (w.needs_person)
      open.persons.push_back({w.step, w.reason});
    open.waiting.push_back(step_of(std::move(w)));
  }
  for (auto& w : journal::calls_out(state)) {
    w.reason = "its answer is awaited";
    open.waiting.push_back(step_of(std::move(w)));
  }
  for (const auto& i : journal::open_invocations(state))
    if (!is_shown_elsewhere(i))
      open.waiting.push_back(step_of(i, state));
  for (const auto& i : state.live)
    if (!i.paused_text.empty())
      open.persons.push_back({i.input.handler, i.paused_text});
}

/// Nothing runs for it: the shop sends the order again when its customer has authenticated.
void add_customer(open_points& open, const order_facts& facts) {
  if (status_of(facts) != "requires_action")
    return;
  open.waiting.push_back({"charge", "stripe", wait_cause::customer, facts.updated_at, 1,
                          "the customer must authenticate the payment", 0});
}

/// Whom the table calls, where nobody was called for that step before.
void add_too_long(open_points& open, unix_ms now, std::int64_t call_after_ms) {
  for (const auto& w : open.waiting) {
    const auto bound = durable::too_long_ms(w.cause, call_after_ms);
    const bool is_known = std::any_of(open.persons.begin(), open.persons.end(),
                                      [&](const auto& p) { return p.step == w.step; });
    if (bound > 0 && now - w.since >= bound && !is_known)
      open.persons.push_back({w.step, too_long_text(w.cause, now - w.since, w.last)});
  }
}

} // namespace

std::string too_long_text(wait_cause cause, std::int64_t waited_ms, std::string_view last) {
  constexpr std::int64_t second_ms = 1'000;
  constexpr std::int64_t minute_ms = 60 * second_ms;
  const auto waited = waited_ms < minute_ms ? std::to_string(waited_ms / second_ms) + " s"
                                            : std::to_string(waited_ms / minute_ms) + " min";
  return std::string("it has waited ")
      .append(waited)
      .append(" (")
      .append(name_of(cause))
      .append("): ")
      .append(last);
}

open_points open_points_of(const durable::read_view& view, std::int64_t call_after_ms) {
  open_points open;
  add(open, view.state);
  add_too_long(open, view.now, call_after_ms);
  return open;
}

std::vector<waiting_step> waits_for_others(const journal::object_state& state) {
  std::vector<waiting_step> waiting;
  for (const auto& i : journal::open_invocations(state))
    if (is_shown_elsewhere(i))
      waiting.push_back(step_of(i, state));
  return waiting;
}

result<open_points> open_points_of(const durable::read_view& view, const order_facts& facts,
                                   std::int64_t call_after_ms) {
  open_points open;
  add(open, view.state);
  const auto& order_id = view.state.id.key;
  for (const auto& object :
       {shipment_object(order_id), notification_object(order_id), custom_object(order_id)}) {
    auto other = view.load(object);
    if (!other)
      return other.failure();
    add(open, *other);
  }
  add_customer(open, facts);
  // It waits for another object that has ended, and has not heard of it yet.
  if (open.waiting.empty())
    open.waiting = waits_for_others(view.state);
  add_too_long(open, view.now, call_after_ms);
  return open;
}

} // namespace orderhub::handlers
