#include "actors/handlers/bulk/bulk_service.hpp"

#include "actors/handlers/bulk/bulk.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

using durable::event_outcome;
using journal::object_state;

namespace {

tl::unexpected<error> refused(std::string why) {
  return fail({error_kind::rejected, "bulk", std::move(why), 409});
}

/// Who did what to it: on record in the same turn.
journal::operator_payload noted(const object_state& state, std::string_view wanted,
                                const bulk_person& by, std::string reason, std::string action_id,
                                const bulk_plan& plan) {
  journal::operator_payload p;
  p.verb = journal::operator_verb::note;
  p.who = by.who;
  p.role = by.role;
  p.via = by.via;
  p.on_behalf = by.on_behalf;
  p.request = by.request;
  p.reason = std::move(reason);
  p.evidence = std::string(name_of(plan.action)) + " of " + std::to_string(plan.count);
  p.id = std::move(action_id);
  p.wanted = wanted;
  p.target = state.id.key;
  p.outcome = "accepted";
  return p;
}

event_outcome changed(const bulk_standing& to) {
  event_outcome outcome;
  outcome.name = "bulk_" + std::string(name_of(to.phase));
  outcome.merges.emplace_back("standing", to.encode());
  return outcome;
}

/// It was done before, under the same id.
event_outcome known_already() {
  event_outcome outcome;
  outcome.name = "bulk_known";
  return outcome;
}

/// The page that is done now goes on, for this start.
event_outcome::send work_of(const object_state& state, const bulk_standing& standing,
                            std::int64_t delay_ms) {
  return {bulk_page_object(state.id.key, standing.page), "Work", std::to_string(standing.epoch),
          delay_ms};
}

result<event_outcome> plan(const object_state& state, std::string_view body) {
  auto planned = bulk_plan::decode(body);
  if (!planned)
    return planned.failure();
  if (const auto known = bulk_in(state); known) {
    if (known->plan.action_id != planned->action_id)
      return refused("There is another bulk of that id.");
    return known_already();
  }
  auto outcome = changed({});
  outcome.merges.emplace_back("plan", std::string(body));
  outcome.acts =
      noted(state, "bulk_plan", planned->by, planned->reason, planned->action_id, *planned);
  return outcome;
}

/// What a person wants of a bulk that is there.
struct wanted_of_bulk {
  bulk_order order;
  bulk known;
};
result<wanted_of_bulk> wanted_in(const object_state& state, std::string_view body) {
  auto order = bulk_order::decode(body);
  if (!order)
    return order.failure();
  auto known = bulk_in(state);
  if (!known)
    return known.failure();
  return wanted_of_bulk{std::move(*order), std::move(*known)};
}

/// A repeat of what was done before.
bool is_repeat(const object_state& state, const std::string& action_id) {
  for (const auto& o : state.operators)
    if (!action_id.empty() && o.action.id == action_id)
      return true;
  return false;
}

result<event_outcome> turned(const object_state& state, std::string_view body,
                             std::string_view wanted, bulk_phase to) {
  auto w = wanted_in(state, body);
  if (!w)
    return w.failure();
  if (is_repeat(state, w->order.action_id))
    return known_already();
  auto& standing = w->known.standing;
  const auto from = standing.phase;
  const bool is_over = from == bulk_phase::cancelled || from == bulk_phase::finished;
  const bool is_possible = to == bulk_phase::running  ? !is_over && from != bulk_phase::running
                           : to == bulk_phase::paused ? from == bulk_phase::running
                                                      : !is_over;
  if (!is_possible)
    return refused("The bulk is " + std::string(name_of(from)) + "; nothing was done.");
  if (to == bulk_phase::running && w->order.count != w->known.plan.count)
    return refused("The plan has " + std::to_string(w->known.plan.count) + " items, not " +
                   std::to_string(w->order.count) + "; nothing was done.");
  standing.phase = to;
  standing.changed_by = w->order.by;
  standing.changed_at = w->order.at;
  if (to == bulk_phase::cancelled)
    standing.ended_at = w->order.at;
  if (to == bulk_phase::running) {
    ++standing.epoch;
    standing.started_by = w->order.by;
    if (standing.started_at == 0)
      standing.started_at = w->order.at;
  }
  auto outcome = changed(standing);
  if (to == bulk_phase::running)
    outcome.sends.push_back(work_of(state, standing, 0));
  outcome.acts = noted(state, wanted, w->order.by, std::move(w->order.reason),
                       std::move(w->order.action_id), w->known.plan);
  return outcome;
}

result<event_outcome> start(const object_state& state, std::string_view body) {
  return turned(state, body, "bulk_start", bulk_phase::running);
}
result<event_outcome> pause(const object_state& state, std::string_view body) {
  return turned(state, body, "bulk_pause", bulk_phase::paused);
}
result<event_outcome> cancel(const object_state& state, std::string_view body) {
  return turned(state, body, "bulk_cancel", bulk_phase::cancelled);
}

/// Each item once: a page says it again as often as it likes, and a page that is over nothing more.
void count(labelled_counts<2>& counts, bulk_action action, const bulk_tally& known,
           const bulk_tally& told) {
  const auto add = [&](std::string_view result, std::uint32_t before, std::uint32_t now) {
    for (; before < now; ++before)
      counts.add({name_of(action), result});
  };
  add("accepted", known.done, told.done);
  add("nothing_to_do", known.skipped_count(), told.skipped_count());
  add("failed", known.failed, told.failed);
}

result<event_outcome> report(const settings_ptr& settings, const object_state& state,
                             std::string_view body) {
  const auto said = bulk_report::decode(body);
  if (!said)
    return said.failure();
  auto known = bulk_in(state);
  if (!known)
    return known.failure();
  auto& [plan, standing] = *known;
  const bool is_current = said->epoch == standing.epoch && said->page == standing.page;
  if (said->page == standing.page) {
    count(*settings->operator_actions, plan.action, standing.here, said->tally);
    standing.here = said->tally;
  }
  if (is_current && said->is_done) {
    standing.ended.add(standing.here);
    standing.here = {};
    ++standing.page;
    if (standing.page >= plan.pages()) {
      standing.phase = bulk_phase::finished;
      standing.ended_at = said->at;
    }
  }
  const bool is_running = standing.phase == bulk_phase::running && is_current;
  auto outcome = changed(standing);
  if (is_running && said->is_done)
    outcome.sends.push_back(work_of(state, standing, bulk_batch_ms));
  bulk_turn turn;
  turn.goes_on = is_running && !said->is_done;
  turn.action = plan.action;
  turn.reason = std::move(plan.reason);
  turn.accepts_repeat = plan.accepts_repeat;
  turn.rate_per_s = plan.rate_per_s;
  turn.by = std::move(standing.started_by);
  outcome.response = turn.encode();
  return outcome;
}

} // namespace

durable::service_definition bulk_service(settings_ptr settings) {
  durable::service_definition service;
  service.merge = [](std::string_view, const std::string*, std::string_view delta) {
    return std::string(delta);
  };
  const auto add =
      [&](const char* name,
          std::function<result<event_outcome>(const object_state&, std::string_view)> event) {
        durable::handler_definition h;
        h.mode = durable::handler_mode::event;
        h.internal = true;
        h.ephemeral = true;
        h.event = std::move(event);
        service.handlers.emplace(name, std::move(h));
      };
  add("Plan", &plan);
  add("Start", &start);
  add("Pause", &pause);
  add("Cancel", &cancel);
  add("Report", [settings = std::move(settings)](const object_state& state, std::string_view body) {
    return report(settings, state, body);
  });
  return service;
}

} // namespace orderhub::handlers
