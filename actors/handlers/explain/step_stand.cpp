#include "actors/handlers/explain/step_stand.hpp"

#include "actors/durable/idempotency_key.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

std::vector<recorded_step> recorded_steps(const journal::invocation_state& i) {
  std::vector<recorded_step> steps;
  for (const auto& e : i.entries) {
    if (e.kind == journal::record_kind::effect) {
      if (auto intent = journal::decode_effect(e.payload))
        steps.push_back({e.index, e.time, std::move(*intent), {}, std::nullopt, 0});
    } else if (e.kind == journal::record_kind::effect_note) {
      for (auto& s : steps)
        if (s.index == e.index)
          if (auto note = journal::decode_note(e.payload))
            s.notes.push_back({std::move(*note), e.time});
    } else if (e.kind == journal::record_kind::completion) {
      for (auto& s : steps)
        if (s.intent.completion == e.index)
          if (auto value = journal::decode_result(e.payload)) {
            s.ended = std::move(*value);
            s.ended_at = e.time;
            if (auto answer = journal::decode_answer(e.payload))
              s.answer = std::move(*answer);
          }
    }
  }
  return steps;
}

step_stand::step_stand(const recorded_step& step, const explain_now& now)
    : step_(step), now_(now), words_(words_of(step.intent.name)),
      vendor_(title_of_vendor(step.intent.vendor)),
      stands_(durable::standing_of(step.at, step.notes)) {}

std::string step_stand::key() const {
  return step_.intent.key.empty()
             ? std::string()
             : durable::key_of_generation(step_.intent.key, stands_.generation);
}

unix_ms step_stand::key_good_until() const {
  return step_.intent.key_life_ms > 0 ? stands_.first_sent_at + step_.intent.key_life_ms : 0;
}

providers::doubt_policy step_stand::policy() const {
  return durable::policy_now(step_.intent, stands_.waited_for_event);
}

bool step_stand::is_in_doubt() const {
  return stands_.in_doubt && has_effect(step_.intent.operation);
}

std::string step_stand::call() const {
  return shown_call(step_.intent.operation, call_of(step_.intent));
}

unix_ms step_stand::counts_from() const {
  const auto earlier_run = step_.at < now_.started_at ? now_.started_at : 0;
  const auto left = std::max(stands_.left_at, earlier_run);
  return stands_.in_doubt && left > 0 && step_.intent.absence_after_ms > 0
             ? left + step_.intent.absence_after_ms
             : 0;
}

unix_ms step_stand::next_at() const {
  return step_.ended || !stands_.stands || !stands_.nothing_out ? 0 : stands_.stands->note.at;
}

std::string_view step_stand::next() const {
  if (next_at() == 0)
    return {};
  switch (stands_.stands->note.kind) {
  case journal::note_kind::retry_at:
    return "send";
  case journal::note_kind::event_wait:
    return "event";
  default:
    return "look_up";
  }
}

} // namespace orderhub::handlers
