#include "actors/handlers/explain/step_requests.hpp"

#include "actors/handlers/explain/step_stand.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

template <class Wanted>
meant_step find_step(const explanation& e, Wanted&& is_wanted) {
  meant_step found;
  for (const auto& step : e.steps) {
    if (!is_wanted(step))
      continue;
    if (found.step != nullptr)
      return {nullptr, true};
    found.step = &step;
  }
  return found;
}

std::optional<recorded_step> step_in(const journal::invocation_state& invocation,
                                     std::string_view ref) {
  const auto id = invocation.id.text();
  if (!ref.starts_with(id))
    return std::nullopt;
  for (auto& step : recorded_steps(invocation))
    if (ref == id + ':' + std::to_string(step.index))
      return std::move(step);
  return std::nullopt;
}

std::optional<recorded_step> step_in(const order_objects& objects, std::string_view ref) {
  for (const auto& state : objects.states)
    for (const auto& invocation : state.live)
      if (auto step = step_in(invocation, ref))
        return step;
  for (const auto& row : objects.past.found)
    if (auto step = step_in(row.invocation, ref))
      return step;
  return std::nullopt;
}

bool is_look_up(const retry_prediction& p) {
  return p.move == durable::retry_move::look_up || p.by_policy == durable::doubt_move::look_up;
}

} // namespace

meant_step open_step(const explanation& e, std::string_view wanted) {
  return find_step(e, [&](const explained_step& step) {
    return step.ended_at == 0 && (step.ref == wanted || step.name == wanted);
  });
}

meant_step any_step(const explanation& e, std::string_view wanted) {
  const auto open = open_step(e, wanted);
  if (open.step != nullptr || open.is_ambiguous)
    return open;
  return find_step(
      e, [&](const explained_step& step) { return step.ref == wanted || step.name == wanted; });
}

std::optional<step_requests> requests_of(const order_objects& objects, const explained_step& step,
                                         const explain_now& now) {
  const auto recorded = step_in(objects, step.ref);
  if (!recorded)
    return std::nullopt;
  const bool is_kept = !recorded->intent.method.empty();
  step_requests r;
  r.sent = {is_kept ? durable::request_in(recorded->intent) : call_of(recorded->intent), is_kept};
  if (!step.if_retried || step.if_retried->call.empty())
    return r;
  if (!is_look_up(*step.if_retried)) {
    r.retried = r.sent;
    return r;
  }
  const step_stand stand(*recorded, now);
  if (auto asked = lookup_of(recorded->intent, stand.key(), stand.stands().first_sent_at))
    r.retried = step_request{std::move(*asked), true};
  return r;
}

} // namespace orderhub::handlers
