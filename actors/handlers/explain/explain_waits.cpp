// What an order waits for, and its invocations.
#include "actors/durable/wait_cause.hpp"
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "journal/record.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace orderhub::handlers {

using durable::wait_cause;
using journal::record_kind;

namespace {

/// How a wait is told, and who ends it where no time does.
struct wait_row {
  wait_cause cause;
  sentence which;
  std::string_view waker;
};
constexpr std::array<wait_row, durable::wait_cause_count> wait_rows = {{
    {wait_cause::answer, sentence::waits_answer, "answer"},
    {wait_cause::connection, sentence::waits_vendor, "queue"},
    {wait_cause::dns, sentence::waits_vendor, "queue"},
    {wait_cause::tls, sentence::waits_vendor, "queue"},
    {wait_cause::credential, sentence::waits_credential, "queue"},
    {wait_cause::breaker, sentence::waits_breaker, "queue"},
    {wait_cause::limiter, sentence::waits_limiter, "queue"},
    {wait_cause::place, sentence::waits_place, "queue"},
    {wait_cause::doubt, sentence::waits_doubt, "answer"},
    {wait_cause::running, sentence::waits_running, "answer"},
    {wait_cause::tracking, sentence::waits_tracking, "answer"},
    {wait_cause::bank, sentence::waits_bank, "answer"},
    {wait_cause::refund, sentence::waits_refund, "answer"},
    {wait_cause::customer, sentence::waits_customer, "customer"},
    {wait_cause::refusal, sentence::waits_refusal, "hub"},
    {wait_cause::earlier, sentence::waits_earlier, "turn"},
    {wait_cause::time, sentence::waits_time, "hub"},
    {wait_cause::hub, sentence::waits_hub, "hub"},
    {wait_cause::person, sentence::waits_person, "person"},
    {wait_cause::delivery, sentence::waits_delivery, "answer"},
    {wait_cause::packing, sentence::waits_packing, "answer"},
    {wait_cause::pickup, sentence::waits_pickup, "answer"},
}};
constexpr bool each_in_its_place() {
  for (std::size_t i = 0; i < wait_rows.size(); ++i)
    if (static_cast<std::size_t>(wait_rows[i].cause) != i)
      return false;
  return true;
}
static_assert(each_in_its_place());

/// Of a reason that may name the vendor before it: `302 redirect to another address; …`.
std::string redirect_in(std::string_view reason) {
  constexpr std::size_t status_size = 4; // With the blank behind it.
  const auto at = reason.find(providers::redirect_words);
  return std::string(reason.substr(at - std::min(at, status_size)));
}

std::string count_text(std::uint32_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::set<std::uint32_t> answered_in(const journal::invocation_state& i) {
  std::set<std::uint32_t> answered;
  for (const auto& e : i.entries)
    if (e.kind == record_kind::completion)
      answered.insert(e.index);
  return answered;
}

/// The handler that runs, or is next, before an exclusive one that has not begun.
const journal::invocation_state* runs_before(const journal::object_state& state,
                                             const journal::invocation_state& invocation) {
  for (const auto& other : state.live) {
    if (other.id == invocation.id)
      return nullptr;
    if (!other.input.shared && (!other.entries.empty() || other.input.due_at == 0))
      return &other;
  }
  return nullptr;
}

/// What a begun invocation waits for beside its steps.
said open_command_of(const journal::invocation_state& i, const explain_now& now) {
  const auto& handler = i.input.handler;
  const auto answered = answered_in(i);
  std::optional<said> sleeps, awaits, effect;
  for (const auto& e : i.entries) {
    if (e.kind == record_kind::call) {
      const auto p = journal::decode_call(e.payload);
      if (p && !answered.contains(p->completion))
        return say(sentence::call_waits_for_object,
                   {{"handler", handler},
                    {"since", moment_text(e.time, now.at)},
                    {"object", p->target.text() + '/' + p->input.handler}});
    } else if (e.kind == record_kind::effect) {
      const auto p = journal::decode_effect(e.payload);
      if (p && !answered.contains(p->completion))
        effect = say(sentence::call_runs,
                     {{"handler", handler}, {"since", moment_text(i.accepted_at, now.at)}});
    } else if (e.kind == record_kind::sleep || e.kind == record_kind::awakeable ||
               e.kind == record_kind::await_event) {
      const auto p = journal::decode_wait(e.payload);
      if (!p || answered.contains(p->completion))
        continue;
      if (e.kind == record_kind::sleep)
        sleeps = say(sentence::call_sleeps,
                     {{"handler", handler}, {"until", moment_text(p->due_at, now.at)}});
      else
        awaits = say(sentence::call_awaits_decision,
                     {{"handler", handler}, {"since", moment_text(e.time, now.at)}});
    }
  }
  if (effect)
    return std::move(*effect);
  if (awaits)
    return std::move(*awaits);
  if (sleeps)
    return std::move(*sleeps);
  return say(sentence::call_runs,
             {{"handler", handler}, {"since", moment_text(i.accepted_at, now.at)}});
}

} // namespace

const vendor_now* find_vendor(const explain_now& now, std::string_view vendor) {
  const auto it = std::find_if(now.vendors.begin(), now.vendors.end(),
                               [&](const vendor_now& v) { return v.vendor == vendor; });
  return it == now.vendors.end() ? nullptr : &*it;
}

std::vector<said> shown_hold(const vendor_now& v, unix_ms now) {
  const auto title = title_of_vendor(v.vendor);
  const auto since = moment_text(v.since, now);
  const auto next = v.probe_at > 0 ? moment_text(v.probe_at, now) : std::string("when one leaves");
  const auto count = std::to_string(v.queued);
  const auto probed = [&](sentence which) {
    return std::vector{say(which, {{"vendor", title},
                                   {"since", since},
                                   {"reason", v.why},
                                   {"next", next},
                                   {"count", count}})};
  };
  switch (v.hold) {
  case vendor_hold_kind::none:
    return {};
  case vendor_hold_kind::held_open:
    return {say(sentence::vendor_held_open, {{"vendor", title}, {"since", since}})};
  case vendor_hold_kind::paused:
    return {say(sentence::vendor_paused, {{"vendor", title}, {"since", since}})};
  case vendor_hold_kind::credential:
    return probed(providers::tells_redirect(v.why) ? sentence::vendor_redirect
                                                   : sentence::vendor_credential);
  case vendor_hold_kind::breaker:
    return probed(sentence::vendor_open);
  }
  return {};
}

explained_wait wait_of(const waiting_step& step, const explain_now& now) {
  const auto& row = wait_rows.at(static_cast<std::size_t>(step.cause));
  explained_wait w;
  w.what = durable::name_of(step.cause);
  w.step = step.step;
  w.vendor = step.vendor;
  w.since = step.since;
  w.until = step.next_at;
  w.waker = step.next_at > 0 ? std::string_view("timer") : row.waker;
  w.attempts = step.attempts;
  w.last = step.last;
  // A vendor that answers with a fault is tried again; one whose answer is awaited is not.
  const bool is_redirected =
      row.which == sentence::waits_credential && providers::tells_redirect(step.last);
  const auto which = is_redirected ? sentence::waits_redirect
                     : row.which == sentence::waits_answer && step.next_at > 0
                         ? sentence::waits_vendor
                         : row.which;
  const auto words = words_of(step.step);
  const auto next = step.next_at > 0 ? "at " + moment_text(step.next_at, now.at)
                                     : std::string("as soon as it may");
  w.why.push_back(say(which, {{"step", step.step},
                              {"vendor", title_of_vendor(step.vendor)},
                              {"since", moment_text(step.since, now.at)},
                              {"reason", is_redirected ? redirect_in(step.last) : step.last},
                              {"next", next},
                              {"count", count_text(step.attempts)},
                              {"thing", words.thing},
                              {"done", words.done}}));
  if (const auto* vendor = find_vendor(now, step.vendor))
    for (auto& why : shown_hold(*vendor, now.at))
      w.why.push_back(std::move(why));
  return w;
}

explained_call call_of_live(const journal::object_state& state, const journal::invocation_state& i,
                            const explain_now& now) {
  explained_call c;
  c.id = i.id;
  c.object = state.id.text();
  c.handler = i.input.handler;
  c.accepted_at = i.accepted_at;
  c.state = "waiting";
  if (!i.paused_text.empty()) {
    c.state = "paused";
    c.what = say(sentence::call_paused, {{"handler", c.handler}, {"reason", i.paused_text}});
  } else if (!i.entries.empty()) {
    c.what = open_command_of(i, now);
    if (c.what.which == sentence::call_runs)
      c.state = "running";
  } else if (i.input.due_at > now.at) {
    c.what = say(sentence::call_begins_later,
                 {{"handler", c.handler}, {"until", moment_text(i.input.due_at, now.at)}});
  } else if (const auto* before = i.input.shared ? nullptr : runs_before(state, i)) {
    c.what = say(sentence::call_waits_for_turn, {{"handler", c.handler},
                                                 {"since", moment_text(i.accepted_at, now.at)},
                                                 {"other", before->input.handler}});
  } else {
    c.state = "running";
    c.what = say(sentence::call_runs,
                 {{"handler", c.handler}, {"since", moment_text(i.accepted_at, now.at)}});
  }
  return c;
}

explained_call call_of_past(const journal::invocation_row& row, const explain_now& now) {
  const auto& i = row.invocation;
  explained_call c;
  c.id = i.id;
  c.object = row.object.text();
  c.handler = i.input.handler;
  c.accepted_at = i.accepted_at;
  c.ended_at = i.finished_at;
  const auto since = moment_text(i.accepted_at, now.at);
  const auto took = span_text(i.finished_at - i.accepted_at);
  const auto output = journal::decode_result(i.output);
  if (output && *output) {
    c.state = "ended";
    c.what = say(sentence::call_ended, {{"handler", c.handler}, {"since", since}, {"took", took}});
  } else {
    c.state = "failed";
    c.what = say(sentence::call_failed,
                 {{"handler", c.handler},
                  {"since", since},
                  {"took", took},
                  {"reason", output ? output->error().message : output.error().message}});
  }
  return c;
}

} // namespace orderhub::handlers
